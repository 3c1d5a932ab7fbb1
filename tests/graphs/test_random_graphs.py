"""The generator of random graphs reaches what property tests rely on."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from archdsl.ir.graph import Graph, Node
from archdsl.ir.text import print_graph
from archdsl.ir.verify import verify
from archdsl.ops.registry import operators
from archdsl.passes.dead_nodes import DeadNodes
from tests.graphs.random_graphs import random_graph


@pytest.fixture(scope="module")
def found() -> list[Graph]:
    """A bounded deterministic run."""
    return [random_graph(Random(seed)).graph for seed in range(400)]


def test_every_operator_occurs(found: list[Graph]) -> None:
    seen = {node.op.name for graph in found for node in graph.nodes}
    assert seen == set(operators())


def test_they_are_valid(found: list[Graph]) -> None:
    assert [finding for graph in found for finding in verify(graph)] == []


def test_the_same_seed_gives_the_same_graph() -> None:
    assert print_graph(random_graph(Random(5)).graph) == print_graph(random_graph(Random(5)).graph)


def test_operators_can_be_limited() -> None:
    graph = random_graph(Random(1), only=["relu", "add"]).graph
    assert {node.op.name for node in graph.nodes} <= {"relu", "add"}


def test_features_occur(found: list[Graph]) -> None:
    """Each in a good part of the graphs."""
    count = Counter[str]()
    for graph in found:
        weighted = [node for node in graph.nodes if node.weights]
        scopes = {node.scope for node in graph.nodes}
        count["shared weights"] += len({node.path for node in weighted}) < len(weighted)
        count["shared calls"] += len({scope.path for scope in scopes}) < len(scopes)
        count["lists"] += any(node.op.is_variadic() and len(node.operands) > 2 for node in graph.nodes)
        count["several values from a node"] += any(len(node.outputs) > 1 for node in graph.nodes)
        count["repeated operands"] += any(len(set(n.operands)) < len(n.operands) for n in graph.nodes)
        count["several inputs"] += len(graph.inputs) > 1
        count["several outputs"] += len(graph.outputs) > 1
        count["dead nodes"] += DeadNodes().run(graph).changed
        count["calls in calls"] += any(scope.parent not in (None, graph.root) for scope in scopes)
        count["rounds"] += any("round 2 of" in scope.round for scope in scopes)
        count["branches"] += any("branches[1]/" in node.path for node in graph.nodes)
        count["long paths"] += _depth(graph) >= 5
        count["integers"] += any(value.type.dtype == "int64" for value in graph.inputs.values())
    rare = {feature: number for feature, number in count.items() if number < len(found) / 20}
    assert not rare
    assert len(count) == 13


def test_paths_lie_in_their_calls(found: list[Graph]) -> None:
    for graph in found:
        for node in graph.nodes:
            assert node.path.startswith(node.scope.path)


def _depth(graph: Graph) -> int:
    depths: dict[Node | None, int] = {None: 0}
    for node in graph.nodes:
        depths[node] = 1 + max([depths[value.producer] for value in node.operands], default=0)
    return max(depths.values())
