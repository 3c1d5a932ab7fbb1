"""Vision transformers, exported by torch: heads and windows joined with the batch, class token, tables of positions."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.export import Dim

import archdsl
from archdsl.importing.importer import import_file
from tests.importing.running import assert_close, run_spec
from tests.ops.reference import torchvision_module

KINDS = (".pt2", ".onnx", "_traced.onnx")


def _export(module: torch.nn.Module, image: torch.Tensor, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.name.endswith("_traced.onnx"):
            names = {"input_names": ["x"], "dynamic_axes": {"x": {0: "N"}}}
            torch.onnx.export(module, (image,), str(path), dynamo=False, opset_version=17, **names)
        elif path.suffix == ".onnx":
            torch.onnx.export(module, (image,), str(path), dynamo=True, dynamic_shapes=({0: Dim("N")},), verbose=False)
        else:
            torch.export.save(torch.export.export(module, (image,), dynamic_shapes=({0: Dim("N")},)), path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_vision_transformer_comes_back_equal(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    torchvision_module("torchvision")  # timm imports it
    made = import_module("timm.models.vision_transformer").VisionTransformer(
        img_size=32, patch_size=8, embed_dim=32, depth=2, num_heads=4, num_classes=10
    )
    module, image = made.eval(), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0, 0.1)
        expected = module(image).numpy()
    path = tmp_path / f"vit{kind}"
    _export(module, image, path)
    found = import_file(path)
    assert_close([expected], run_spec(found, tmp_path, [image.numpy()]), 1e-5)
    assert len(found.text.splitlines()) <= 110


def _torchvision(kind: str) -> tuple[torch.nn.Module, int]:
    """A small transformer of torchvision, and the side of its image."""
    models = torchvision_module("torchvision.models")
    if kind == "vit":  # nn.MultiheadAttention
        return models.VisionTransformer(32, 8, 2, 4, 32, 64, num_classes=10), 32
    if kind == "maxvit":  # windows and grids, einsum
        return models.MaxVit((64, 64), 8, 4, [8, 16], [1, 1], 4, 0.1, num_classes=10), 64
    if kind == "swin":  # shifted windows with a mask; the image is padded to whole windows
        return models.SwinTransformer([4, 4], 16, [2, 2], [2, 4], [3, 3], num_classes=10), 40
    swin = import_module("torchvision.models.swin_transformer")  # cosine attention, positions by a small network
    second = {"block": swin.SwinTransformerBlockV2, "downsample_layer": swin.PatchMergingV2}
    return models.SwinTransformer([4, 4], 16, [2, 2], [2, 4], [4, 4], num_classes=10, **second), 64


def _trained(module: torch.nn.Module) -> torch.nn.Module:
    """With numbers in every weight that starts with zeros or ones."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.is_floating_point() and not name.endswith("coords_table"):
                tensor.normal_(0, 0.2)
    return module.eval()


SLOW = pytest.mark.slow
CASES = [
    pytest.param("vit", ".pt2", 70),
    pytest.param("vit", ".onnx", 90, marks=SLOW),
    pytest.param("vit", "_traced.onnx", 90),
    pytest.param("swin", ".pt2", 180),
    pytest.param("swin", ".onnx", 205, marks=SLOW),
    pytest.param("swin", "_traced.onnx", 210, marks=SLOW),
    pytest.param("swin2", ".pt2", 215, marks=SLOW),
    pytest.param("swin2", ".onnx", 250, marks=SLOW),
    pytest.param("swin2", "_traced.onnx", 250, marks=SLOW),
    pytest.param("maxvit", ".pt2", 165, marks=SLOW),
    pytest.param("maxvit", ".onnx", 150, marks=SLOW),
    pytest.param("maxvit", "_traced.onnx", 150),
]


@pytest.mark.parametrize(("model", "kind", "lines"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_torchvisions_transformers_come_back_equal(model: str, kind: str, lines: int, tmp_path: Path) -> None:
    made, size = _torchvision(model)
    module, image = _trained(made), torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    path = tmp_path / f"net{kind}"
    _export(module, image, path)
    found = import_file(path)
    with torch.no_grad():
        assert_close([module(image).numpy()], run_spec(found, tmp_path, [image.numpy()]), 1e-5)
    assert found.form.cells
    assert len(found.text.splitlines()) <= lines


@pytest.mark.parametrize("kind", [".pt2", pytest.param(".onnx", marks=SLOW), "_traced.onnx"])
@pytest.mark.filterwarnings("ignore")
def test_a_batch_of_one_is_found_among_joined_dimensions(kind: str, tmp_path: Path) -> None:
    made, size = _torchvision("vit")
    module, image = _trained(made), torch.randn(1, 3, size, size)
    path = tmp_path / f"one{kind}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "_traced.onnx":
            torch.onnx.export(module, (image,), str(path), dynamo=False, opset_version=17)
        elif kind == ".onnx":
            torch.onnx.export(module, (image,), str(path), dynamo=True, verbose=False)
        else:
            torch.export.save(torch.export.export(module, (image,)), path)
    more = torch.randn(3, 3, size, size)
    with torch.no_grad():
        assert_close([module(more).numpy()], run_spec(import_file(path), tmp_path, [more.numpy()]), 1e-5)


class Turned(torch.nn.Module):
    """Gives a value whose batch is not in front."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(1, 0, 2)


class SplitApart(torch.nn.Module):
    """[N, T, 2, D] is taken apart with the batch in second place, and comes back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = x.permute(2, 0, 1, 3).unbind(0)
        turned = x.permute(1, 2, 0, 3)[1:].permute(2, 0, 1, 3)
        return first * 2 - second + turned.mean((1, 2), keepdim=False).unsqueeze(1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_batch_comes_back_to_the_front(kind: str, tmp_path: Path) -> None:
    x = torch.randn(2, 3, 2, 5)
    path = tmp_path / f"apart{kind}"
    _export(SplitApart(), x, path)
    assert_close([SplitApart()(x).numpy()], run_spec(import_file(path), tmp_path, [np.asarray(x)]), 1e-5)


@pytest.mark.filterwarnings("ignore")
def test_batch_that_stays_away_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "turned.pt2"
    _export(Turned(), torch.randn(2, 3, 4), path)
    with pytest.raises(archdsl.ArchdslError, match="it moves the batch"):
        import_file(path)
