"""Where boxes and wires go: nothing overlaps, everything lies inside, wires join what they should."""

from __future__ import annotations

from itertools import combinations, pairwise
from random import Random

import pytest

from archdsl.ir.graph import Graph
from archdsl.report.diagram import diagram
from archdsl.report.layering import layered
from archdsl.report.layout import Placed, Scene, arranged
from tests.graphs.random_graphs import random_graph
from tests.report.networks import carrying_network, ladder_network, residual_network

NETWORKS = [residual_network(), carrying_network(), ladder_network()]
NETWORKS += [random_graph(Random(seed), 14).graph for seed in range(12)]


def overlap(a: Placed, b: Placed) -> bool:
    beside = a.x + a.width <= b.x or b.x + b.width <= a.x
    return not (beside or a.y + a.height <= b.y or b.y + b.height <= a.y)


def check(scene: Scene, left: float, top: float, right: float, bottom: float) -> None:
    slack = 0.01
    for one, other in combinations(scene.boxes, 2):
        assert not overlap(one, other), (one.box.title, other.box.title)
    for box in scene.boxes:
        assert left - slack <= box.x
        assert box.x + box.width <= right + slack
        assert top - slack <= box.y
        assert box.y + box.height <= bottom + slack
        if box.inner is not None:
            check(box.inner, box.x, box.y, box.x + box.width, box.y + box.height)
    for wire in scene.wires:
        assert all(a[1] < b[1] for a, b in pairwise(wire.points)), "a wire runs upwards"
        x, y = wire.points[-1]
        ends = [box for box in scene.boxes if abs(box.y - y) < 0.2 and box.x <= x <= box.x + box.width]
        assert wire.leaves or len(ends) == 1


@pytest.mark.parametrize("depth", [1, 2, 9])
@pytest.mark.parametrize("graph", NETWORKS, ids=[f"{i}-{g.name}" for i, g in enumerate(NETWORKS)])
def test_boxes_stand_apart_and_wires_meet_them(graph: Graph, depth: int) -> None:
    scene = arranged(diagram(graph, depth))
    check(scene, 0.0, 0.0, scene.width, scene.height)


def test_wires_pass_beside_boxes() -> None:
    scene = arranged(diagram(ladder_network(5)))
    for wire in scene.wires:
        for (x, y), (to_x, to_y) in pairwise(wire.points):
            for box in scene.boxes:
                inside = box.y + 1 < max(y, to_y) and min(y, to_y) < box.y + box.height - 1
                if inside and x == to_x:
                    assert not box.x < x < box.x + box.width


def test_a_trunk_is_straight() -> None:
    scene = arranged(diagram(ladder_network(4)))
    trunk = [box.x + box.width / 2 for box in scene.boxes if box.box.title in ("double_conv", "concat", "image")]
    assert max(trunk) - min(trunk) < 0.01


def test_rows_follow_the_edges() -> None:
    edges = [(0, 1), (1, 2), (0, 2), (3, 2)]
    layers = layered(4, edges)
    assert [layers.row_of[v] for v in range(4)] == [0, 1, 2, 1]
    assert layers.chains[2] == [0, 4, 2]  # the long edge runs through a dummy
    assert sorted(v for row in layers.rows for v in row) == list(range(5))


def test_crossings_are_removed() -> None:
    # Two pairs that cross in the order given.
    layers = layered(4, [(0, 3), (1, 2)])
    upper, lower = layers.rows
    assert [upper.index(0) < upper.index(1)] == [lower.index(3) < lower.index(2)]
