"""Places of values: nothing that is still needed is written over, and joins need no copies."""

from __future__ import annotations

from math import prod
from pathlib import Path
from random import Random

import pytest

import archdsl
from archdsl.backends.torch.inference.planned.layout import Layout, is_planned
from archdsl.passes.optimization import optimize
from tests.backends.torch.inference.networks import architecture
from tests.backends.torch.inference.planned.test_engine import JOINS
from tests.graphs.random_graphs import random_graph
from tests.passes.inference.test_random_graphs import CONVOLUTIONAL


@pytest.mark.parametrize("singly", [0, 3, 8])
@pytest.mark.parametrize("seed", range(30))
def test_what_lives_at_the_same_time_lies_apart(seed: int, singly: int) -> None:
    graph = optimize(random_graph(Random(seed), steps=20, only=CONVOLUTIONAL).graph).graph
    layout = Layout(graph, singly)
    roots = [value for value in layout.lives if is_planned(value)]
    assert layout.size <= sum(16 + prod(value.type.shape) for value in roots)
    for i, one in enumerate(roots):
        for other in roots[:i]:
            a, b = layout.lives[one], layout.lives[other]
            if a.first <= b.last and b.first <= a.last:
                low, high = sorted((one, other), key=layout.offsets.__getitem__)
                assert layout.offsets[low] + prod(low.type.shape) <= layout.offsets[high]


def test_parts_are_written_where_they_are_joined(tmp_path: Path) -> None:
    graph = architecture(tmp_path, JOINS).graph()
    layout = Layout(graph)
    outer = next(node for node in graph.nodes if node.op.name == "concat" and len(node.operands) == 4)
    inner = outer.operands[0]
    assert inner.producer is not None
    a, b = inner.producer.operands
    assert layout.place(inner) == (outer.outputs[0], 0)
    assert layout.place(a) == (outer.outputs[0], 0)
    assert layout.place(b) == (outer.outputs[0], 8)


def test_a_sum_goes_where_its_last_use_was() -> None:
    graph = optimize(archdsl.load("digits_resnet").graph()).graph
    layout = Layout(graph)
    sums = [node for node in graph.nodes if node.op.name == "fused_conv2d" and len(node.operands) == 2]
    assert sums
    for node in sums:
        assert layout.place(node.outputs[0]).root is layout.place(node.operands[1]).root
        assert layout.place(node.outputs[0]).root is not layout.place(node.operands[0]).root
