"""Siblings, branches, chains and joins of layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archdsl.ir.graph import Value
from archdsl.passes.inference.channel_order import ChannelOrder
from archdsl.passes.inference.concat_splitting import ConcatSplitting
from archdsl.passes.inference.linear_chains import LinearChains
from archdsl.passes.inference.parallel_branches import ParallelBranches
from archdsl.passes.inference.sibling_merging import SiblingMerging
from archdsl.passes.inference.views import Views
from archdsl.passes.optimization import optimize
from archdsl.passes.weights import NoInverseError
from archdsl.types import TensorType
from tests.graphs.cells import Net
from tests.passes.inference.equality import random_state
from tests.passes.inference.nets import FOLD, operators_after

WIDE = TensorType((16, 6, 6))


def point(net: Net, x: Value, channels: int = 4, **more: Any) -> Value:
    return net("conv2d", x, **({"out_channels": channels, "kernel_size": 1} | more))


def test_siblings_become_one_that_is_split() -> None:
    net = Net()
    found = operators_after(
        net.out(point(net, net.x, 3), point(net, net.x, 5, bias=False)), SiblingMerging(splits=True)
    )
    assert found == {"conv2d": 1, "split": 1}


def test_siblings_that_are_joined_again_are_not_split() -> None:
    net = Net()
    y = net("concat", point(net, net.x, 3), point(net, net.x, 5))
    assert operators_after(net.out(y), SiblingMerging(), Views()) == {"conv2d": 1}


def test_only_siblings_beside_one_another_are_not_split() -> None:
    net = Net()
    other = net("relu", net.x)
    y = net("concat", point(net, net.x, 3), point(net, net.x, 2), other, point(net, net.x, 5))
    found = operators_after(net.out(y), SiblingMerging(), Views())
    assert found == {"conv2d": 2, "relu": 1, "concat": 1}


def test_linear_siblings() -> None:
    net = Net(TensorType((3, 5)))
    one, other = net("linear", net.x, out_features=2), net("linear", net.x, out_features=4)
    assert operators_after(net.out(one, other), SiblingMerging()) == {"linear": 2}
    assert operators_after(net.out(one, other), SiblingMerging(splits=True)) == {"linear": 1, "split": 1}


@pytest.mark.parametrize(
    "other",
    [
        {"stride": 2, "padding": 1},
        {"groups": 2},
        {"kernel_size": 3, "padding": 1, "dilation": 1},
        {"padding_mode": "reflect", "kernel_size": 3, "padding": 1},
    ],
)
def test_unlike_layers_are_no_siblings(other: dict[str, Any]) -> None:
    net = Net()
    graph = net.out(point(net, net.x), point(net, net.x, **other))
    assert operators_after(graph, SiblingMerging(splits=True)) == {"conv2d": 2}


def test_siblings_that_share_their_weights_are_left() -> None:
    net = Net()
    again = point(net, net.conv(point(net, net.x, path="shared")), path="shared")
    assert operators_after(net.out(again, point(net, net.x)), SiblingMerging(splits=True))["conv2d"] == 4


def test_small_windows_get_zeros_around_them_where_that_is_little_work() -> None:
    net = Net()
    big = net("conv2d", net.x, out_channels=16, kernel_size=3, padding=1)
    graph = net.out(big, point(net, net.x, 1))
    assert operators_after(graph, SiblingMerging(splits=True)) == {"conv2d": 2}
    assert operators_after(graph, SiblingMerging(splits=True, slack=0.1)) == {"conv2d": 1, "split": 1}


def test_rep_vgg_block() -> None:
    net = Net()
    branches = [net.conv(net.x, bias=False), point(net, net.x, bias=False), net.x]
    y = net("add", *[net("batch_norm2d", branch) for branch in branches])
    assert operators_after(net.out(y), *FOLD, ParallelBranches()) == {"conv2d": 1}


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 4])
def test_windows_of_several_sizes(stride: int, groups: int) -> None:
    net = Net()
    common: dict[str, Any] = {"out_channels": 4, "stride": stride, "groups": groups}
    five = net("conv2d", net.x, kernel_size=5, padding=2, **common)
    three = net("conv2d", net.x, kernel_size=3, padding=1, bias=False, **common)
    flat = net("conv2d", net.x, kernel_size=(1, 3), padding=(0, 1), **common)
    assert operators_after(net.out(net("add", five, three, flat)), ParallelBranches()) == {"conv2d": 1}


def test_further_operands_of_the_sum_stay() -> None:
    net = Net()
    y = net("add", net.conv(net.x), net("relu", net.x), point(net, net.x))
    assert operators_after(net.out(y), ParallelBranches()) == {"conv2d": 1, "relu": 1, "add": 1}


def test_crossed_windows_would_be_more_work() -> None:
    net = Net()
    row = net("conv2d", net.x, out_channels=4, kernel_size=(1, 5), padding=(0, 2))
    column = net("conv2d", net.x, out_channels=4, kernel_size=(5, 1), padding=(2, 0))
    assert operators_after(net.out(net("add", row, column)), ParallelBranches()) == {"conv2d": 2, "add": 1}


def test_dilated_windows_meet_on_one_grid() -> None:
    net = Net()
    common: dict[str, Any] = {"out_channels": 4, "dilation": 2}
    five = net("conv2d", net.x, kernel_size=5, padding=4, **common)
    three = net("conv2d", net.x, kernel_size=3, padding=2, **common)
    assert operators_after(net.out(net("add", five, three, net.x)), ParallelBranches()) == {"conv2d": 1}
    net = Net()
    odd = net("conv2d", net.x, kernel_size=3, padding=1, out_channels=4)
    again = net("conv2d", net.x, kernel_size=5, padding=4, **common)
    assert operators_after(net.out(net("add", again, odd)), ParallelBranches()) == {"conv2d": 2, "add": 1}


def test_chains_are_multiplied_where_that_is_less_work() -> None:
    net = Net(WIDE)
    wide = point(net, point(net, net.x, 24), 8)
    assert operators_after(net.out(wide), LinearChains()) == {"conv2d": 1}
    net = Net(WIDE)
    narrow = point(net, point(net, net.x, 2), 16)
    assert operators_after(net.out(narrow), LinearChains()) == {"conv2d": 2}


def test_a_window_before_or_behind() -> None:
    net = Net(WIDE)
    before = point(net, net("conv2d", net.x, out_channels=16, kernel_size=3, padding=1, stride=2), 8)
    assert operators_after(net.out(before), LinearChains()) == {"conv2d": 1}
    for bias, expected in ((False, 1), (True, 2)):
        net = Net()
        behind = net("conv2d", point(net, net.x, 16, bias=bias), out_channels=8, kernel_size=3, padding=1)
        assert operators_after(net.out(behind), LinearChains()) == {"conv2d": expected}


def test_depthwise_and_pointwise_of_few_channels() -> None:
    net = Net(TensorType((1, 6, 6)))
    depthwise = net("conv2d", net.x, out_channels=1, kernel_size=3, bias=False)
    assert operators_after(net.out(point(net, depthwise, 1)), LinearChains()) == {"conv2d": 1}


def test_linear_chains() -> None:
    net = Net(TensorType((8,)))
    y = net("linear", net("linear", net.x, out_features=16, bias=False), out_features=4)
    assert operators_after(net.out(y), LinearChains()) == {"linear": 1}


def test_a_product_of_higher_rank_has_no_way_back() -> None:
    net = Net(TensorType((8,)))
    graph = net.out(net("linear", net("linear", net.x, out_features=5), out_features=8))
    made = optimize(graph, [(LinearChains(),)])
    state = made.weights.forward(random_state(graph))
    key = next(key for key in state if key.endswith("weight"))
    with pytest.raises(NoInverseError, match="higher rank"):
        made.weights.backward(state | {key: np.random.default_rng(0).normal(size=(8, 8))})


def test_squeeze_layers_read_parts() -> None:
    net = Net(WIDE)
    joined = net("concat", point(net, net.x, 16), net("conv2d", net.x, out_channels=16, kernel_size=3, padding=1))
    graph = net.out(point(net, net("max_pool2d", joined, kernel_size=2), 2))
    assert operators_after(graph, ConcatSplitting()) == {"conv2d": 4, "max_pool2d": 2, "add": 1}
    wide = Net(WIDE)
    joined = wide("concat", point(wide, wide.x), point(wide, wide.x))
    assert "concat" in operators_after(wide.out(point(wide, joined, 16)), ConcatSplitting())


@pytest.mark.parametrize("groups", [2, 4])
@pytest.mark.parametrize("sizes", [(4, 4), (4, 8, 4)])
def test_grouped_siblings_that_are_joined_and_read_by_weights(groups: int, sizes: tuple[int, ...]) -> None:
    net = Net()
    common: dict[str, Any] = {"kernel_size": 3, "padding": 1, "groups": groups}
    parts = [net("conv2d", net.x, out_channels=n, bias=n == 4, **common) for n in sizes]
    graph = net.out(point(net, net("concat", *parts), 6))
    assert operators_after(graph, SiblingMerging())["concat"] == 1
    assert operators_after(graph, SiblingMerging(grouped=True), ChannelOrder(), Views()) == {"conv2d": 2}


def test_grouped_siblings_whose_order_is_seen_are_left() -> None:
    net = Net()
    parts = [net("conv2d", net.x, out_channels=4, kernel_size=1, groups=2) for _ in range(2)]
    found = operators_after(net.out(net("concat", *parts)), SiblingMerging(grouped=True), ChannelOrder())
    assert found == {"conv2d": 2, "concat": 1}
