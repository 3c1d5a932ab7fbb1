"""Exported programs: what is computed from constants alone, and functions without an operator of their own."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

import archdsl
from archdsl.importing.importer import import_file
from archdsl.importing.writing import Written
from tests.importing.running import assert_close, operators_of, run_spec

pytestmark = pytest.mark.filterwarnings("ignore")


def _export(module: nn.Module, x: Tensor, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = ({0: Dim("N")},)
        if path.suffix == ".onnx":
            torch.onnx.export(module, (x,), str(path), dynamo=True, dynamic_shapes=batch, verbose=False)
        else:
            torch.export.save(torch.export.export(module, (x,), dynamic_shapes=batch), path)
    return path


def check(module: nn.Module, shape: tuple[int, ...], path: Path) -> Written:
    torch.manual_seed(0)
    x = torch.randn(2, *shape)
    found = import_file(_export(module.eval(), x, path))
    with torch.no_grad():
        assert_close([module(x).numpy()], run_spec(found, path.parent, [x.numpy()]), 1e-5)
    return found


class Masked(nn.Module):
    """Fills parts of a constant in place, and a view of it sees that."""

    def forward(self, x: Tensor) -> Tensor:
        mask = x.new_zeros((4, 4))
        mask[0:2, 1:3] = 2
        mask[2:4, 0:2] = 3
        difference = mask.view(16, 1) - mask.view(1, 16)
        difference = difference.masked_fill(difference != 0, -100.0).masked_fill(difference == 0, 0.0)
        return torch.softmax(x + difference, -1)


class Table(nn.Module):
    """Position biases: looked up in a table, and made by a small network."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(9, 2))
        self.network = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))
        self.register_buffer("positions", torch.randint(0, 9, (20,)))

    def forward(self, x: Tensor) -> Tensor:
        looked_up = self.table[self.positions].view(4, 5, 2).permute(2, 0, 1).contiguous()
        return x * looked_up.unsqueeze(0) + 16 * torch.sigmoid(self.network(self.table)[self.positions][0, 1])


class ChangedWhileRead(nn.Module):
    """A constant is read, then changed, then read again."""

    def forward(self, x: Tensor) -> Tensor:
        constant = x.new_ones((3,))
        first = x + constant
        constant[0] = 5
        return first * constant


class ChangedWeight(nn.Module):
    """A copy of a bias is changed in place; the weight itself is not."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        bias = self.layer.bias.clone()
        bias[2:4].zero_()
        return nn.functional.linear(x, self.layer.weight, bias) + self.layer.bias


@pytest.mark.parametrize(("module", "shape"), [(Masked(), (16, 16)), (Table(), (2, 4, 5)), (ChangedWeight(), (6,))])
def test_constants_are_computed(module: nn.Module, shape: tuple[int, ...], tmp_path: Path) -> None:
    check(module, shape, tmp_path / "constants.pt2")


class ChangedThroughAView(nn.Module):
    """What is given was changed through a view of it."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y[:, 0] += 1
        return y


class ChangedThroughAViewAndRead(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y[:, 0] += 1
        return torch.relu(y)


@pytest.mark.parametrize("module", [ChangedWhileRead(), ChangedThroughAView(), ChangedThroughAViewAndRead()])
def test_what_is_changed_through_a_view_and_read_is_refused(module: nn.Module, tmp_path: Path) -> None:
    path = _export(module, torch.randn(2, 3), tmp_path / "changed.pt2")
    with pytest.raises(archdsl.ArchdslError) as caught:
        import_file(path)
    assert {finding.code for finding in caught.value.diagnostics} == {"E1101"}
    assert any("_" in finding.message for finding in caught.value.diagnostics)


class ChangedAndRead(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y += 1
        return y * torch.relu_(y)


def test_what_is_changed_in_place_is_read_changed(tmp_path: Path) -> None:
    check(ChangedAndRead(), (3,), tmp_path / "changed.pt2")


class Rolled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.roll(x, (-2, 1), (2, 3)) + torch.roll(x, 5, 1)


class Normalized(nn.Module):
    """To unit length, along the first and along the last dimension."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(x, dim=1) @ nn.functional.normalize(x, dim=-1).transpose(-2, -1)


class Products(nn.Module):
    """Products of which torch makes matrix products by turning and joining dimensions."""

    def forward(self, x: Tensor) -> Tensor:
        scores = torch.einsum("b h i d, b h j d -> b h i j", x, x)
        mixed = torch.einsum("b h i j, b h j d -> b i h d", scores, x)
        return torch.einsum("b i h d, b h k d -> b k i", mixed, x)


@pytest.mark.parametrize("ending", [".pt2", pytest.param(".onnx", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("module", "shape", "operators"),
    [
        (Rolled(), (3, 5, 4), {"slice", "concat", "add"}),
        (Normalized(), (3, 4, 5), {"reduce_l2", "constant", "maximum", "add", "div", "permute", "matmul"}),
        (Products(), (2, 3, 4), {"permute", "matmul", "reshape", "flatten", "squeeze"}),
    ],
    ids=["rolled", "normalized", "products"],
)
def test_functions_without_an_operator(
    module: nn.Module, shape: tuple[int, ...], operators: set[str], ending: str, tmp_path: Path
) -> None:
    assert set(operators_of(check(module, shape, tmp_path / f"net{ending}"))) <= operators


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("b i, c i -> b c", x, x)


def test_products_across_samples_are_refused(tmp_path: Path) -> None:
    path = _export(Doubled(), torch.randn(2, 3), tmp_path / "across.pt2")
    with pytest.raises(archdsl.ArchdslError, match="batch in front"):
        import_file(path)
