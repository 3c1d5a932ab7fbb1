"""Vision transformers, exported by torch: attention whose heads are split behind the batch, class token, positions."""

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
