"""Long chains: passes go through graphs without recursion, and in time that grows with the nodes."""

from __future__ import annotations

from typing import Any

import pytest

from archdsl.passes.optimization import optimize
from archdsl.types import TensorType
from tests.graphs.cells import Net

LENGTH = 3000
SAME: dict[str, Any] = {"kernel_size": 3, "stride": 1, "padding": 1}
STEPS: dict[str, dict[str, Any]] = {
    "relu": {},
    "batch_norm2d": {},
    "sigmoid": {},
    "avg_pool2d": SAME | {"count_include_pad": False},
    "conv2d": {"out_channels": 8, "kernel_size": 1},
    "channel_shuffle": {"groups": 2},
}


@pytest.mark.parametrize("name", STEPS)
def test_chains(name: str) -> None:
    net = Net(TensorType((8, 2, 2)))
    x = net.node("chunk", net("conv2d", net.x, out_channels=16, kernel_size=1), chunks=2).outputs[0]
    for _ in range(LENGTH):
        x = net(name, x, **STEPS[name])
    graph = net.out(net("conv2d", net("relu", x), out_channels=4, kernel_size=1))
    made = optimize(graph)
    assert len(made.graph.nodes) <= len(graph.nodes)


def test_a_sum_of_many_convolutions() -> None:
    net = Net()
    graph = net.out(net("relu", net("add", *[net.conv(net("sigmoid", net.x)) for _ in range(300)])))
    made = optimize(graph)
    assert [node.op.name for node in made.graph.nodes].count("add") == 0
