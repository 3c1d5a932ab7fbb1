"""Models for images of any size, and networks that can't have them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from archdsl.backends.onnx import to_model
from archdsl.backends.torch import build_module
from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Value
from archdsl.types import TensorType
from tests.backends.onnx.test_model import model_of, run, shape_of, state_of
from tests.graphs.cells import Net


def test_a_convolutional_network_takes_every_size() -> None:
    net = Net(TensorType((3, 16, 16)))
    x = net("relu", net("batch_norm2d", net("conv2d", net.x, out_channels=4, kernel_size=3, stride=2, padding="half")))
    x = net("max_pool2d", x, kernel_size=2)
    graph = net.out(net("linear", net("global_avg_pool2d", x), out_features=5), x)
    module = build_module(graph, dynamic_size=True).eval()
    model = to_model(graph, state_of(module), dynamic_size=True)
    assert shape_of(model.graph.input[0]) == ["N", 3, "H", "W"]
    assert shape_of(model.graph.output[0]) == ["N", 5]
    assert shape_of(model.graph.output[1]) == ["N", 4, "y1_2", "y1_3"]
    for height, width in ((16, 16), (32, 48), (17, 23)):
        image = np.random.default_rng(0).standard_normal((2, 3, height, width), dtype=np.float32)
        with torch.no_grad():
            expected = module(torch.from_numpy(image))
        made = run(model, {"x0": image})
        for name in ("y0", "y1"):
            np.testing.assert_allclose(made[name], expected[name].numpy(), rtol=1e-5, atol=1e-5)


def flattened(net: Net) -> Value:
    return net("linear", net("flatten", net.x), path="head", out_features=3)


def reshaped(net: Net) -> Value:
    return net("reshape", net.x, path="head", shape=[4, 64])


def same_padded(net: Net) -> Value:
    return net("conv2d", net.x, path="head", out_channels=4, kernel_size=3, stride=2, padding="same")


@pytest.mark.parametrize("body", [flattened, reshaped, same_padded])
def test_a_step_made_for_one_size_is_named(body: Callable[[Net], Value]) -> None:
    net = Net(TensorType((4, 8, 8)))
    graph = net.out(body(net))
    model_of(graph)
    with pytest.raises(ArchdslError, match="at `head` works for one image size only") as refused:
        model_of(graph, dynamic_size=True)
    assert refused.value.diagnostics[0].code == "E1002"


def test_networks_without_images_are_refused() -> None:
    net = Net(TensorType((4,)))
    with pytest.raises(ArchdslError, match="no input is an image"):
        model_of(net.out(net("relu", net.x)), dynamic_size=True)


def test_two_images_have_sizes_of_their_own() -> None:
    net = Net(TensorType((3, 8, 8)), TensorType((3, 4, 4)))
    graph = net.out(net("relu", net.inputs[0]), net("relu", net.inputs[1]))
    model = model_of(graph, dynamic_size=True)
    assert [shape_of(info) for info in model.graph.input] == [["N", 3, "H_x0", "W_x0"], ["N", 3, "H_x1", "W_x1"]]
