"""Equal hashes exactly for isomorphic networks; networkx says which are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from random import Random
from typing import Any

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.ir.graph import Graph, Value
from archdsl.ir.text import parse_graph, print_graph
from archdsl.ir.view import isomorphic
from archdsl.passes.canonical import canonical_form, canonical_hash
from archdsl.passes.pipeline import simplify
from archdsl.types import TensorType
from tests.graphs.cells import IMAGE, Net, random_cell, shuffled
from tests.graphs.random_graphs import RandomGraph, graphs
from tests.timing import within


@settings(max_examples=60, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_copies_of_random_graphs(made: RandomGraph, rng: Random) -> None:
    copy = shuffled(made.graph, rng)
    assert canonical_form(copy) == canonical_form(made.graph)
    assert isomorphic(simplify(copy).graph, simplify(made.graph).graph)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_copies_of_random_cells(rng: Random) -> None:
    graph = random_cell(rng)
    assert canonical_hash(shuffled(graph, rng)) == canonical_hash(graph)


def tiny_cell(rng: Random) -> Graph:
    """Two sums of branches of one or two steps: few enough forms that two of them are often the same."""
    net = Net()
    total = net.x
    for merges in (["add"], ["add", "concat"]):
        ends = []
        for _ in range(2):
            end = net.conv(total, path=rng.choice(["a", ""]))
            ends.append(net(rng.choice(["relu", "identity", "zero"]), end))
        total = net(rng.choice(merges), *ends)
    return net.out(net.conv(total))


def test_equal_hashes_are_isomorphic_graphs_and_no_others() -> None:
    """All pairs of many small cells, of which a good part are the same networks by chance."""
    found = [simplify(tiny_cell(Random(seed))).graph for seed in range(150)]
    hashes = [canonical_hash(graph) for graph in found]
    for one, other in combinations(range(len(found)), 2):
        assert (hashes[one] == hashes[other]) is isomorphic(found[one], found[other])
    assert 20 < len(set(hashes)) < 110  # so that both cases occur often


@given(graphs())
@settings(max_examples=30, deadline=None)
def test_text_keeps_the_hash(made: RandomGraph) -> None:
    assert canonical_hash(parse_graph(print_graph(made.graph))) == canonical_hash(made.graph)


# Near misses: what a small change makes of a network is another network.


def chain(*names: str) -> Graph:
    net = Net()
    value = net.x
    for name in names:
        value = net(name, value)
    return net.out(value)


def two_convs(first: str, second: str, merge: str = "concat") -> Graph:
    net = Net()
    return net.out(net(merge, net.conv(net.x, path=first), net.conv(net("relu", net.x), path=second)))


def one_conv(**attributes: Any) -> Graph:
    net = Net()
    return net.out(net.conv(net.x, **attributes))


def relu_times(count: int) -> Graph:
    net = Net()
    values = [net("relu", net.x) for _ in range(count)]
    return net.out(net("add", values[0], values[-1]))


def ordered(merge: str, *, swapped: bool) -> Graph:
    net = Net()
    values = [net("relu", net.x), net("tanh", net.x)]
    return net.out(net(merge, *(reversed(values) if swapped else values)))


def halves(first: int, second: int) -> Graph:
    net = Net()
    parts = net.node("chunk", net.x, chunks=2).outputs
    return net.out(net("relu", parts[first]), net("tanh", parts[second]))


def outputs(*names: str) -> Graph:
    net = Net()
    return net.out(*[net(name, net.x) for name in names])


def reading(place: int) -> Graph:
    net = Net(IMAGE, IMAGE)
    return net.out(net("relu", net.inputs[place]))


def of_type(type: TensorType) -> Graph:
    net = Net(type)
    return net.out(net("relu", net.x))


NEAR_MISSES: dict[str, tuple[Graph, Graph]] = {
    "order of concat": (ordered("concat", swapped=False), ordered("concat", swapped=True)),
    "order of sub": (ordered("sub", swapped=False), ordered("sub", swapped=True)),
    "shared and own weights": (two_convs("a", "a"), two_convs("a", "b")),
    "one attribute": (one_conv(bias=False), one_conv()),
    "padding that happens to give the same shape": (one_conv(padding=2, dilation=2), one_conv(padding=1)),
    "relu twice and once": (relu_times(2), relu_times(1)),
    "order of operators": (chain("relu", "tanh"), chain("tanh", "relu")),
    "dropout and nothing": (chain("relu", "dropout"), chain("relu")),
    "which output": (halves(0, 1), halves(1, 0)),
    "order of outputs": (outputs("relu", "tanh"), outputs("tanh", "relu")),
    "which input": (reading(0), reading(1)),
    "an input that is not read": (reading(0), of_type(IMAGE)),
    "shape of the input": (of_type(TensorType((3, 6, 6))), of_type(TensorType((3, 6, 7)))),
}


@pytest.mark.parametrize("pair", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses(pair: tuple[Graph, Graph]) -> None:
    one, other = pair
    assert canonical_hash(one) != canonical_hash(other)
    assert not isomorphic(one, other)


def test_commutative_operands_and_paths_do_not_count() -> None:
    assert canonical_hash(ordered("add", swapped=False)) == canonical_hash(ordered("add", swapped=True))
    assert canonical_hash(ordered("mul", swapped=False)) == canonical_hash(ordered("mul", swapped=True))
    assert canonical_hash(two_convs("a", "a")) == canonical_hash(two_convs("b", "b"))
    assert canonical_hash(two_convs("a", "b", "add")) == canonical_hash(two_convs("b", "a", "add"))


def test_shorthands_do_not_count() -> None:
    assert canonical_hash(one_conv(padding="half", stride=[1, 1])) == canonical_hash(one_conv(padding=1))


def test_what_is_simplified_does_not_count() -> None:
    net = Net()
    net.conv(net.x)
    value = net("add", net("relu", net("identity", net.x)), net("zero", net.conv(net.x)))
    assert canonical_hash(net.out(value)) == canonical_hash(chain("relu"))


def test_zeros_are_one_thing_whatever_made_them() -> None:
    def zeroed(branch: Callable[[Net], Value]) -> Graph:
        net = Net()
        return net.out(net("concat", net.x, branch(net)))

    found = {
        canonical_hash(zeroed(lambda net: net("zero", net.x))),
        canonical_hash(zeroed(lambda net: net("zero", net.conv(net.x)))),
        canonical_hash(zeroed(lambda net: net("add", net("zero", net("relu", net.x)), net("zero", net.x)))),
        canonical_hash(zeroed(lambda net: net("mul", net("tanh", net.x), net("zero", net("relu", net.x))))),
    }
    assert len(found) == 1


# Ties: branches that look alike.


def branches(sharing: list[list[str]]) -> Graph:
    """A sum of branches from one value; each branch is a row of convolutions with these weights."""
    net = Net()
    ends = []
    for row in sharing:
        value = net.x
        for path in row:
            value = net.conv(value, path=path)
        ends.append(value)
    return net.out(net("add", *ends))


def cycle(name: str, count: int, step: int = 1) -> list[list[str]]:
    """Branch i shares its second weights with the first of branch i + step."""
    return [[f"{name}{i}", f"{name}{(i + step) % count}"] for i in range(count)]


def pairs(edges: list[tuple[int, int]]) -> Graph:
    """An undirected graph as a network: vertices are convolutions, edges are sums of two."""
    net = Net()
    vertices = [net.conv(net.x) for _ in range(1 + max(map(max, edges)))]
    return net.out(net("add", *[net("add", vertices[i], vertices[j]) for i, j in edges]))


SQUARE = [(a, b) for a in range(4) for b in range(4)]
ROOK = [(i, j) for j, i in combinations(range(16), 2) if SQUARE[i][0] == SQUARE[j][0] or SQUARE[i][1] == SQUARE[j][1]]
SHRIKHANDE = [
    (i, j)
    for j, i in combinations(range(16), 2)
    if ((SQUARE[i][0] - SQUARE[j][0]) % 4, (SQUARE[i][1] - SQUARE[j][1]) % 4)
    in {(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)}
]

TIED: dict[str, Graph] = {
    "two identical branches": branches([["a", "b"], ["c", "d"]]),
    "sixteen identical branches": branches([[f"a{i}", f"b{i}", f"c{i}"] for i in range(16)]),
    "branches that share all weights": branches([["a", "b", "c"]] * 12),
    "one cycle of six": branches(cycle("a", 6)),
    "two cycles of three": branches(cycle("a", 3) + cycle("b", 3)),
    "a cycle of six by steps of five": branches(cycle("a", 6, step=5)),
    "branches crossed in pairs": branches([["a", "b"], ["b", "a"], ["c", "d"], ["d", "c"]]),
    "branches with two weights each": branches([["a", "a"], ["b", "b"], ["c", "c"], ["d", "d"]]),
    "hexagon": pairs([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)]),
    "two triangles": pairs([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]),
    "complete graph of seven": pairs(list(combinations(range(7), 2))),
    "rook's graph": pairs(ROOK),
    "Shrikhande graph": pairs(SHRIKHANDE),
}
# A cycle read backwards is a cycle with the two weights of each branch exchanged.
SAME = {frozenset({"one cycle of six", "a cycle of six by steps of five"})}


@pytest.mark.parametrize("graph", TIED.values(), ids=TIED)
def test_ties_are_broken_the_same_way(graph: Graph) -> None:
    expected = canonical_form(graph)
    for seed in range(5):
        assert canonical_form(shuffled(graph, Random(seed))) == expected


def test_tied_networks_differ_from_each_other() -> None:
    """Some of them have the same colours everywhere: refinement alone can't tell them apart."""
    hashes = {name: canonical_hash(graph) for name, graph in TIED.items()}
    for one, other in combinations(TIED, 2):
        assert (hashes[one] == hashes[other]) is (frozenset({one, other}) in SAME), (one, other)
    assert isomorphic(TIED["one cycle of six"], TIED["a cycle of six by steps of five"])
    assert not isomorphic(TIED["one cycle of six"], TIED["two cycles of three"])


def test_past_the_budget_hashes_are_still_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.ir.labelling.BUDGET", -(10**9))
    hashes = {name: canonical_hash(graph) for name, graph in TIED.items()}
    assert hashes == {name: canonical_hash(graph) for name, graph in TIED.items()}
    assert len(set(hashes.values())) >= len(TIED) - len(SAME)
    for graph in TIED.values():
        assert canonical_form(graph).count("\n") == len(graph.nodes) + 2


def test_hard_graphs_take_bounded_time() -> None:
    """Colours say nothing about a regular graph, and in a random one no two vertices are alike."""
    found = networkx.random_regular_graph(3, 600, seed=1)
    graph = pairs(list(found.edges))
    within(20, lambda: canonical_hash(graph))


# Speed and stability.


def cells(count: int) -> Graph:
    """Cells of five pairs as NASNet's, some of them symmetric."""
    net = Net()
    last, before = net.x, net.x
    for _ in range(count):
        made = []
        for pair in range(5):
            ends = [last, last if pair < 2 else before]
            branch = [net("batch_norm2d", net.conv(net("relu", end))) for end in ends]
            made.append(net("add", *branch))
        before, last = last, net("conv2d", net("concat", *made), out_channels=4, kernel_size=1)
    return net.out(last)


def test_large_networks_are_hashed_in_seconds() -> None:
    graph = cells(2_700)
    assert len(graph.nodes) > 99_000
    within(15, lambda: canonical_hash(graph))


def test_the_hash_does_not_depend_on_the_process() -> None:
    program = "from tests.passes.test_canonical_hash import *; print(canonical_hash(cells(2)))"
    made = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": "."}
        run = subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, check=True)
        made.add(run.stdout.decode().strip())
    assert made == {canonical_hash(cells(2))}
    assert len(made.pop()) == 64
