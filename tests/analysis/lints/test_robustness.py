"""No graph makes a lint fail, and time grows with the size of the graph."""

from __future__ import annotations

from random import Random
from time import process_time

import pytest

from archdsl.analysis.lints.linter import lint_graph
from archdsl.ir.graph import Graph
from archdsl.ops.base import Operator, Sample
from archdsl.types import TensorType
from tests.analysis.lints.looking import every_rule
from tests.graphs.cells import Net, random_cell
from tests.graphs.random_graphs import random_graph
from tests.ops.samples import SAMPLES


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_every_operator_is_taken(op: Operator, sample: Sample) -> None:
    graph = Net(*sample.operands).graph
    node = graph.add(op, list(graph.inputs.values()), "step")
    graph.outputs = {str(i): value for i, value in enumerate(node.outputs)}
    lint_graph(graph, graph, every_rule())
    graph.outputs = {"x": next(iter(graph.inputs.values()))}
    lint_graph(graph, graph, every_rule())


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_are_taken(seed: int) -> None:
    for graph in (random_graph(Random(seed)).graph, random_cell(Random(seed))):
        lint_graph(graph, graph, every_rule())


def test_an_empty_graph_has_no_findings() -> None:
    net = Net()
    graph = net.out(net.x)
    assert lint_graph(graph, graph, every_rule()) == []


def residual(units: int) -> Graph:
    g = Net(TensorType((8, 8, 8)))
    x = g.x
    for _ in range(units):
        y = g.conv(g("relu", g("batch_norm2d", x)), out_channels=8)
        x = g("relu", g("add", x, y))
    return g.out(x)


def test_time_grows_linearly() -> None:
    def seconds(units: int) -> float:
        graph = residual(units)
        started = process_time()
        lint_graph(graph, graph, every_rule())
        return process_time() - started

    seconds(100)
    small, large = min(seconds(500) for _ in range(3)), seconds(10_000)
    assert large < 20 * 4 * small  # twenty times the size; a square would be 400 times
