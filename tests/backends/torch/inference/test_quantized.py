"""Networks in 8-bit integers: near the float one, honest about what they can't do."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import archdsl
from archdsl.backends.runtimes import session
from archdsl.backends.torch.inference.comparing import relative_error
from tests.backends.torch.inference.networks import MIXED, SINGLE, architecture, inputs, outputs, trained


@pytest.fixture
def net(tmp_path: Path) -> archdsl.Architecture:
    return architecture(tmp_path, SINGLE)


@pytest.mark.parametrize("text", [MIXED, SINGLE], ids=["mixed", "single"])
def test_it_is_near_the_float_network(tmp_path: Path, text: str) -> None:
    net = architecture(tmp_path, text)
    plain = trained(net)
    samples = [x.numpy() for x in inputs(net, 64)]
    made = archdsl.quantize(net, plain, samples)
    error = relative_error(made, plain, [x[:8] for x in samples])
    assert 0 < error < 0.1  # it isn't the float network, and it isn't something else


def test_the_model_holds_integers_and_is_smaller(tmp_path: Path) -> None:
    import onnx

    net = archdsl.load("digits_resnet")
    plain = trained(net)
    made = archdsl.quantize(net, plain, torch.randn(40, 1, 8, 8))
    model = onnx.load_from_string(made.model)
    kinds = {node.op_type for node in model.graph.node}
    assert {"Conv", "QuantizeLinear", "DequantizeLinear"} <= kinds
    assert "BatchNormalization" not in kinds
    assert len(made.model) < sum(t.numel() * t.element_size() for t in plain.state_dict().values()) / 2


def test_scales_are_per_channel(net: archdsl.Architecture) -> None:
    import onnx

    made = archdsl.quantize(net, trained(net), inputs(net, 20))
    sizes = [tuple(t.dims) for t in onnx.load_from_string(made.model).graph.initializer if "weight_scale" in t.name]
    assert (8,) in sizes


def test_any_batch_and_copies(net: archdsl.Architecture) -> None:
    made = archdsl.quantize(net, trained(net), inputs(net, 20))
    given = inputs(net, 5)
    expected = outputs(made, given)[0]
    assert torch.equal(torch.cat([made(x[None]) for x in given[0]]), expected)
    assert made(torch.zeros(0, 3, 8, 8)).shape == (0, 4)
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert torch.equal(outputs(other, given)[0], expected)


def test_what_it_cannot_do_is_said(net: archdsl.Architecture) -> None:
    made = archdsl.quantize(net, trained(net), inputs(net, 20))
    given = inputs(net)[0]
    with pytest.raises(RuntimeError, match="has no gradients"):
        made(given.requires_grad_())
    with pytest.raises(RuntimeError, match="can't be trained"):
        made.train()
    with pytest.raises(RuntimeError, match="reads and gives float32"):
        made.half()
    with pytest.raises(ValueError, match=r"x is \[2, 3, 8, 4\], compiled for \[N, 3, 8, 8\]"):
        made(torch.zeros(2, 3, 8, 4))
    with pytest.raises(TypeError, match="x is bfloat16, and the network computes in float32"):
        made(torch.zeros(2, 3, 8, 8).bfloat16())
    assert made.eval().float() is made
    x = torch.zeros(2, 3, 8, 8)
    assert torch.equal(made(x=x), made(x))


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((0, 3, 8, 8)), "calibration samples for x are"),
        (np.full((4, 3, 8, 8), np.nan), "calibration samples for x hold NaN or infinity"),
        (np.zeros((4, 3, 8, 9)), r"and \[M, 3, 8, 8\] is needed"),
        ([np.zeros((4, 3, 8, 8))] * 2, "calibration needs samples for x, and 2 arrays were given"),
    ],
)
def test_samples_that_do_not_fit(net: archdsl.Architecture, samples: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        archdsl.quantize(net, trained(net), samples)


def test_without_weights_there_is_nothing_to_quantize(net: archdsl.Architecture) -> None:
    with pytest.raises(ValueError, match="needs trained weights"):
        archdsl.quantize(net, None, inputs(net))


def test_without_onnx_runtime_it_says_what_to_install(
    net: archdsl.Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(session.MissingRuntimeError, match="pip install 'archdsl"):
        archdsl.quantize(net, trained(net), inputs(net, 4))


def test_digits_are_told_apart_in_eight_bits() -> None:
    from archdsl.training.preparation import Preparation

    data = archdsl.load_dataset("digits")
    net = archdsl.load("digits_resnet")
    settings = archdsl.TrainingSettings(epochs=2, batch_size=64, seed=1)
    module: nn.Module = archdsl.train(net, data, settings, device="cpu", test=False).module
    prepare = Preparation.for_dataset(data, (1, 8, 8))
    made = archdsl.quantize(net, module, prepare(data.train.pixels[:100]))
    images, labels = prepare(data.test.pixels), data.test.labels
    with torch.no_grad():
        right = [(each(images).argmax(1) == labels).float().mean() for each in (made, module.eval())]
    assert right[1] > 0.9
    assert abs(float(right[0] - right[1])) < 0.02
