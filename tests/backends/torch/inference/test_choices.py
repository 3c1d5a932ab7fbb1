"""Which runtime and device may be asked for, and what is said where one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.backends.runtimes import session
from archdsl.backends.torch.inference.recipe import Setting, candidates
from tests.backends.torch.inference.networks import SINGLE, architecture, difference, inputs, outputs, trained

CPU = torch.device("cpu")


@pytest.fixture
def net(tmp_path: Path) -> archdsl.Architecture:
    return architecture(tmp_path, SINGLE)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if neither runtime were installed."""
    monkeypatch.setattr(session, "find_spec", lambda name: None)


@pytest.mark.usefixtures("nothing_installed")
def test_auto_takes_torch_where_nothing_else_is_installed(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain)
    assert module.recipe().runtime == "torch"
    assert difference(outputs(module, inputs(net)), outputs(plain, inputs(net))) < 1e-5


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_missing_runtime_is_named_with_what_to_install(net: archdsl.Architecture, runtime: str) -> None:
    with pytest.raises(session.MissingRuntimeError, match=rf"{runtime} is not installed: pip install 'archdsl\[runti"):
        archdsl.compile(net, "inference", runtime=runtime)


def test_wrong_choices_are_refused(net: archdsl.Architecture) -> None:
    with pytest.raises(ValueError, match="runtime is 'auto', 'torch', 'onnxruntime', 'openvino', not 'tvm'"):
        archdsl.compile(net, "inference", runtime="tvm")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="onnxruntime computes in float32 here, not in float64"):
        archdsl.compile(net, "inference", runtime="onnxruntime", dtype="float64")
    with pytest.raises(ValueError, match="dtype is float32, float64, bfloat16 or float16, not 'int8'"):
        archdsl.compile(net, "inference", dtype="int8")
    with pytest.raises(ValueError, match="runtime='openvino' is for inference with optimize=True"):
        archdsl.compile(net, "train", runtime="openvino")
    with pytest.raises(ValueError, match="batch_size is at least 1, not 0"):
        archdsl.compile(net, "inference", batch_size=0)


def test_a_type_that_the_runtime_lacks_is_refused_before_anything_changes(net: archdsl.Architecture) -> None:
    module = archdsl.compile(net, "inference", trained(net), runtime="openvino")
    before = outputs(module, inputs(net))
    with pytest.raises(ValueError, match="openvino computes in float32 and bfloat16 here, not in float64"):
        module.double()
    assert difference(outputs(module, inputs(net)), before) < 1e-6


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(net: archdsl.Architecture) -> None:
    with pytest.raises(ValueError, match="there is no device `cuda`"):
        archdsl.compile(net, "inference", device="cuda")


def test_the_plain_module_on_request(net: archdsl.Architecture) -> None:
    plain = archdsl.compile(net, "inference", optimize=False)
    assert not hasattr(plain, "runtime")
    assert not plain.training


def test_train_mode_takes_device_and_type(net: archdsl.Architecture) -> None:
    module = archdsl.compile(net, "train", device="cpu", dtype=torch.float64)
    assert module.training
    assert next(module.parameters()).dtype is torch.float64


def test_on_a_gpu_and_in_other_types_only_torch_runs() -> None:
    for setting in (Setting(torch.device("cuda"), torch.float16, 8, 2), Setting(CPU, torch.float64, 8, 2)):
        assert {recipe.runtime for recipe in candidates(setting, "auto")} == {"torch"}
