"""torchvision's networks, exported by torch: equal in output, and short."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.export import Dim

from archdsl.importing.importer import import_file
from tests.importing.running import assert_close, run_spec
from tests.ops.reference import torchvision_module

# Sizes that keep the last maps larger than one pixel, and lines that the spec may have.
FAST = {"resnet18": (64, 50), "squeezenet1_1": (64, 40)}
SLOW = {
    "mobilenet_v3_small": (64, 95),
    "shufflenet_v2_x0_5": (64, 80),
    "alexnet": (224, 30),
    "vgg11": (224, 40),
    "vgg11_bn": (224, 40),
    "resnet50": (64, 70),
    "resnext50_32x4d": (64, 75),
    "wide_resnet50_2": (64, 70),
    "densenet121": (64, 400),
    "googlenet": (64, 125),
    "inception_v3": (128, 180),
    "mobilenet_v2": (64, 65),
    "mobilenet_v3_large": (64, 140),
    "mnasnet0_5": (64, 80),
    "efficientnet_b0": (64, 90),
    "regnet_y_400mf": (64, 90),
}
PROGRAM_ONLY = {"convnext_tiny": (64, 60)}


def network(name: str) -> torch.nn.Module:
    """With statistics and biases that are not all alike."""
    torch.manual_seed(0)
    options: dict[str, Any] = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    made = getattr(torchvision_module("torchvision.models"), name)(weights=None, **options).eval()
    with torch.no_grad():
        for key, tensor in made.state_dict().items():
            if key.endswith(("running_mean", "bias")):
                tensor.normal_(0, 0.1)
            elif key.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
    return made


def exported(name: str, size: int, folder: Path, kind: str) -> tuple[torch.nn.Module, Path, torch.Tensor]:
    made, image = network(name), torch.randn(2, 3, size, size)
    path = folder / f"{name}{kind}"
    batch = ({0: Dim("N")},)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == ".pt2":
            torch.export.save(torch.export.export(made, (image,), dynamic_shapes=batch), path)
        else:
            program = torch.onnx.export(made, (image,), dynamo=True, dynamic_shapes=batch, verbose=False)
            assert program is not None
            program.save(path)
    return made, path, image


def check(name: str, size: int, lines: int, folder: Path, kind: str) -> None:
    made, path, image = exported(name, size, folder, kind)
    found = import_file(path)
    assert found.form.cells
    assert len(found.text.splitlines()) <= lines
    with torch.no_grad():
        expected = made(image)
    assert_close([expected.numpy()], run_spec(found, folder, [image.numpy()]), 1e-5)
    ours = sum(int(np.prod(array.shape)) for key, array in found.state.items() if not key.endswith("tracked"))
    theirs = sum(tensor.numel() for key, tensor in made.state_dict().items() if not key.endswith("tracked"))
    if kind == ".pt2" and name not in ("googlenet", "inception_v3"):  # these have auxiliary heads
        assert ours == theirs


@pytest.mark.parametrize("name", FAST)
def test_an_exported_program_comes_back_equal_in_output(name, tmp_path):
    check(name, *FAST[name], tmp_path, ".pt2")


@pytest.mark.slow
@pytest.mark.parametrize("name", {**SLOW, **PROGRAM_ONLY})
def test_further_exported_programs_come_back_equal_in_output(name, tmp_path):
    check(name, *{**SLOW, **PROGRAM_ONLY}[name], tmp_path, ".pt2")


@pytest.mark.parametrize("name", ["squeezenet1_1"])
def test_a_model_of_torchs_onnx_exporter_comes_back_equal_in_output(name, tmp_path):
    check(name, *FAST[name], tmp_path, ".onnx")


@pytest.mark.slow
@pytest.mark.parametrize("name", {**FAST, **SLOW})
def test_further_models_of_torchs_onnx_exporter_come_back_equal_in_output(name, tmp_path):
    check(name, *{**FAST, **SLOW}[name], tmp_path, ".onnx")


def test_cells_bear_the_names_of_the_modules(tmp_path):
    _, path, _ = exported("resnet18", 64, tmp_path, ".pt2")
    text = import_file(path).text
    assert "\n  basic_block:\n" in text
    assert text.count("conv2d:") <= 6
