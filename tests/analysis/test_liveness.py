"""Peak memory of activations, by hand and against what torch really allocates."""

from __future__ import annotations

import weakref
from random import Random
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from archdsl.analysis.liveness import peak, peak_activation
from archdsl.backends.torch import build_module
from archdsl.ir.graph import Graph
from archdsl.types import TensorType
from tests.backends.torch.builder import Builder, bottleneck, conv_bn, resnet
from tests.backends.torch.interpreter import example_inputs
from tests.graphs.random_graphs import random_graph


class LiveStorages(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of storages that operators have made and that are still alive."""

    def __init__(self, ignored: list[torch.Tensor]):
        super().__init__()  # type: ignore[no-untyped-call]
        self.known = {t.untyped_storage()._cdata for t in ignored}
        self.live = 0
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self.count(tensor)
        return made

    def count(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata in self.known:
            return
        self.known.add(storage._cdata)
        self.live += storage.nbytes()
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self.free, storage._cdata, storage.nbytes())

    def free(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.live -= size


def measured_bytes(graph: Graph) -> int:
    module = build_module(graph).eval()
    weights = [*module.parameters(), *module.buffers()]
    inputs = example_inputs(graph, n=1)
    counter = LiveStorages(weights)
    for x in inputs:
        counter.count(x)
    with torch.no_grad(), counter:
        module(*inputs)
    return counter.peak


def branching() -> Graph:
    b = Builder(image=(3, 16, 16))
    x = conv_bn(b, b.x, 8, 3, act=True)
    parts = [conv_bn(b, x, 4 * (i + 1), 3, label=f"branches[{i}]/conv_bn") for i in range(4)]
    y = b.step("concat", *parts)
    z = b.step("reshape", b.step("max_pool2d", y, kernel_size=2, stride=2), shape=[-1])
    return b.done(z=b.step("linear", z, out_features=5), y=y)


def shortcut_over_a_cell() -> Graph:
    b = Builder(image=(8, 32, 32))
    x = b.step("relu", b.x)
    for i in range(3):
        x = bottleneck(b, x, 4 + i, 1 + (i == 2), f"unit[{i}]")
    return b.done(x=x)


@pytest.mark.parametrize(
    "graph", [resnet((2, 1), 64, 8, 10), branching(), shortcut_over_a_cell()], ids=["resnet", "branching", "shortcut"]
)
def test_agrees_with_torch(graph: Graph) -> None:
    assert peak(graph).bytes == pytest.approx(measured_bytes(graph), rel=0.05)


# Operators that take no scratch space of their own.
SIMPLE = ["relu", "batch_norm2d", "concat", "sigmoid", "linear", "identity", "sub", "chunk", "flatten"]


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_torch_on_random_graphs(seed: int) -> None:
    graph = random_graph(Random(seed), steps=20, only=SIMPLE).graph
    assert peak(graph).bytes == pytest.approx(measured_bytes(graph), rel=0.05)


def test_by_hand() -> None:
    b = Builder(x=(10,))
    y = b.step("relu", b.x)
    z = b.step("relu", y, label="relu_2")  # x, y and z live here
    graph = b.done(out=b.step("relu", z, label="relu_3"))  # x, z and out
    assert peak_activation(graph) == 30
    assert peak(graph).bytes == 120


def test_views_take_nothing() -> None:
    b = Builder(x=(2, 5))
    y = b.step("reshape", b.step("relu", b.x), shape=[10])
    assert peak_activation(b.done(out=b.step("relu", y, label="relu_2"))) == 30


def test_arguments_of_a_call_live_until_it_returns() -> None:
    def graph(wrapped: bool) -> Graph:
        b = Builder(x=(1,))
        x = b.step("concat", *[b.x] * 10)
        if wrapped:
            with b.cell("cell"):
                y = b.step("sigmoid", b.step("relu", x))
        else:
            y = b.step("sigmoid", b.step("relu", x))
        return b.done(y=y)

    assert peak_activation(graph(wrapped=False)) == 21
    assert peak_activation(graph(wrapped=True)) == 31


def test_unread_values_are_freed_and_int64_takes_eight_bytes() -> None:
    b = Builder(x=(1, 4, 4))
    y, _ = b.many("max_pool2d", b.x, kernel_size=2, stride=2, return_indices=True)
    graph = b.done(y=b.step("relu", b.step("concat", y, y, y)))
    assert peak(graph) == (16 + 12 + 12, max(16 * 4 + 4 * 4 + 4 * 8, 4 * (16 + 24)))
    assert graph.nodes[0].outputs[1].type == TensorType((1, 2, 2), "int64")
