"""Batch norms and other affine maps: where they are folded, and where they must not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from archdsl.ir.graph import Value
from archdsl.passes.inference.affine_form import AffineForm
from archdsl.passes.optimization import optimize
from archdsl.passes.weights import NoInverseError
from archdsl.types import TensorType
from tests.graphs.cells import Net
from tests.passes.inference.equality import assert_close, assert_equal_networks, module_of, outputs, random_state
from tests.passes.inference.nets import FOLD, operators_after

IMAGE = TensorType((4, 6, 6))
CONV: dict[str, Any] = {"out_channels": 4, "kernel_size": 3, "padding": 1}


def norm(net: Net, x: Value, **attributes: Any) -> Value:
    return net("batch_norm2d", x, **attributes)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("attributes", [{}, {"eps": 0.3}, {"affine": False, "eps": 1e-3}, {"bias": False}])
def test_behind_a_convolution(bias: bool, attributes: dict[str, Any]) -> None:
    net = Net()
    y = norm(net, net.conv(net.x, bias=bias), **attributes)
    assert operators_after(net.out(y), *FOLD) == {"conv2d": 1}


@pytest.mark.parametrize("name", ["conv_transpose2d", "conv2d"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_behind_grouped_convolutions(name: str, groups: int) -> None:
    net = Net()
    y = norm(net, net(name, net.x, out_channels=8, kernel_size=3, groups=groups))
    assert operators_after(net.out(y), *FOLD) == {name: 1}


def test_behind_a_linear_layer_and_other_affine_maps() -> None:
    net = Net(TensorType((5,)))
    y = net("add_bias", net("batch_norm1d", net("linear", net.x, out_features=3)))
    z = net("batch_norm1d", net("scale", net.x))
    found = operators_after(net.out(y, z), *FOLD, invertible=False)  # `scale` can't hold the norm's shift
    assert found == {"linear": 1, "fused_affine": 1}


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_before_an_unpadded_convolution(groups: int, bias: bool) -> None:
    net = Net()
    y = net("conv2d", norm(net, net.x), out_channels=6, kernel_size=3, groups=groups, bias=bias)
    assert operators_after(net.out(y), *FOLD, invertible=bias or groups == 1) == {"conv2d": 1}


def test_before_several_layers_at_once() -> None:
    net = Net()
    x = norm(net, net.x)
    one, other = net("conv2d", x, out_channels=3, kernel_size=1), net("conv2d", x, out_channels=2, kernel_size=1)
    assert operators_after(net.out(one, other), *FOLD) == {"conv2d": 2}


def test_zeros_around_what_is_shifted_are_no_shifted_zeros() -> None:
    net = Net()
    assert operators_after(net.out(net.conv(norm(net, net.x))), *FOLD) == {"conv2d": 1, "fused_affine": 1}
    net = Net()
    mirrored = net("conv2d", norm(net, net.x), **CONV, padding_mode="reflect")
    assert operators_after(net.out(mirrored), *FOLD) == {"conv2d": 1}


def test_through_joins_and_pooling() -> None:
    net = Net()
    parts = [net.conv(net.x), net("avg_pool2d", net.conv(net.x), kernel_size=1)]
    y = norm(net, net("avg_pool2d", net("concat", *parts), kernel_size=2))
    assert operators_after(net.out(y), *FOLD) == {"conv2d": 2, "avg_pool2d": 2, "concat": 1}


def test_not_through_pooling_that_counts_padding() -> None:
    net = Net()
    y = norm(net, net("avg_pool2d", net.conv(net.x), kernel_size=3, stride=1, padding=1))
    assert operators_after(net.out(y), *FOLD)["fused_affine"] == 1


def test_through_flatten_into_a_linear_layer() -> None:
    net = Net()
    flat = net("flatten", net("avg_pool2d", norm(net, net.x), kernel_size=2))
    assert "fused_affine" not in operators_after(net.out(net("linear", flat, out_features=3)), *FOLD)


def test_values_with_other_readers_keep_what_they_are() -> None:
    net = Net()
    conv = net.conv(net.x)
    assert operators_after(net.out(norm(net, conv), conv), *FOLD)["fused_affine"] == 1
    net = Net()
    conv = net.conv(net.x)
    assert operators_after(net.out(net("add", norm(net, conv), conv)), *FOLD)["fused_affine"] == 1


def test_shared_weights_are_folded_if_all_agree() -> None:
    net = Net()
    twice = net.x
    for _ in range(2):
        twice = net("batch_norm2d", net.conv(twice, path="shared/conv"), path="shared/norm")
    assert operators_after(net.out(twice), *FOLD) == {"conv2d": 2}


def test_shared_weights_are_left_if_they_do_not() -> None:
    net = Net()
    once = norm(net, net.conv(net.x, path="shared"))
    other = norm(net, net.conv(once, path="shared"))
    assert operators_after(net.out(other), *FOLD) == {"conv2d": 2, "fused_affine": 2}
    net = Net()
    bare = net.conv(norm(net, net.conv(net.x, path="shared")), path="shared")
    assert operators_after(net.out(bare), *FOLD)["fused_affine"] == 1


def test_statistics_of_the_batch_stay() -> None:
    net = Net()
    y = norm(net, net.conv(net.x), track_running_stats=False)
    assert operators_after(net.out(y), *FOLD) == {"conv2d": 1, "batch_norm2d": 1}


@pytest.mark.parametrize("variance", [0.0, 1e-30, 1e8])
def test_extreme_statistics(variance: float) -> None:
    net = Net()
    graph = net.out(norm(net, net.conv(net.x)))
    made = optimize(graph, [FOLD])
    state = random_state(graph)
    norm_path = next(key.rpartition(".")[0] for key in state if key.endswith("running_var"))
    state[f"{norm_path}.running_var"] = np.full(4, variance)
    state[f"{norm_path}.weight"] = np.array([0.0, -2.0, 1e-8, 3.0])
    new = made.weights.forward(state)
    back = made.weights.backward(new)
    inputs = _inputs()
    expected = outputs(module_of(graph, state), inputs)
    assert_close(expected, outputs(module_of(made.graph, new), inputs), 1e-10)
    assert_close(expected, outputs(module_of(graph, back), inputs), 1e-10)


def _inputs() -> list[torch.Tensor]:
    return [torch.randn(2, *IMAGE.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))]


def test_precision_of_the_result_is_that_of_the_weights() -> None:
    net = Net()
    graph = net.out(norm(net, net.conv(net.x)))
    made = optimize(graph, [FOLD])
    for dtype in (np.float16, np.float32, np.float64):
        state = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in random_state(graph).items()}
        assert {array.dtype for array in made.weights.forward(state).values()} == {np.dtype(dtype)}


def test_what_scale_cannot_hold_has_no_way_back() -> None:
    net = Net()
    graph = net.out(net("scale", net.x))
    made = optimize(graph, [(AffineForm(),)])
    state = made.weights.forward(random_state(graph))
    made.weights.backward(state)
    key = next(key for key in state if key.endswith("bias"))
    with pytest.raises(NoInverseError, match=r"affine_form.*scale"):
        made.weights.backward(state | {key: np.ones(4)})


def test_trained_weights_map_back() -> None:
    """Not only images of the map: whatever weights the optimized network has."""
    net = Net()
    y = norm(net, net.conv(net("relu", norm(net, net.conv(net.x, bias=False)))))
    graph = net.out(y)
    made = assert_equal_networks(graph)
    rng = np.random.default_rng(3)
    trained = {key: rng.normal(size=spec.shape) for key, spec in made.weights.target.items()}
    expected = outputs(module_of(made.graph, trained), _inputs())
    assert_close(expected, outputs(module_of(graph, made.weights.backward(trained)), _inputs()), 1e-10)
