"""Which candidates are one: held against isomorphism as networkx finds it, without our canonical form."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from random import Random
from typing import Any

import networkx as nx
import pytest

import archdsl
from archdsl.ir.graph import Graph
from archdsl.passes.pipeline import simplify
from archdsl_search.candidate import Candidate
from archdsl_search.evaluators.nats_bench import edges, unique_string
from archdsl_search.space.identity import by_decisions
from archdsl_search.space.spec_space import SpecSpace

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
CLASSES = 7_031


def nasbench201(repeats: int = 1) -> SpecSpace:
    return SpecSpace(archdsl.load_space("nasbench201", params={"repeats": repeats}))


def as_networkx(graph: Graph) -> Any:
    """The simplified graph; commutative operators read all operands at place 0."""
    found = nx.MultiDiGraph()
    graph = simplify(graph).graph
    makers: dict[Any, Any] = {}
    for name, value in graph.inputs.items():
        found.add_node(name, label=f"input {name}")
        makers[value] = name
    for node in graph.nodes:
        assert len(node.outputs) == 1
        found.add_node(node, label=f"{node.op!r} {node.output_types}")
        for place, value in enumerate(node.operands):
            found.add_edge(makers[value], node, label=0 if node.op.commutative else place)
        makers[node.outputs[0]] = node
    for name, value in graph.outputs.items():
        found.add_node(("output", name), label=f"output {name}")
        found.add_edge(makers[value], ("output", name), label=0)
    return found


def isomorphic(one: Any, other: Any) -> bool:
    return bool(
        nx.is_isomorphic(
            one,
            other,
            node_match=lambda a, b: a["label"] == b["label"],
            edge_match=lambda a, b: sorted(e["label"] for e in a.values()) == sorted(e["label"] for e in b.values()),
        )
    )


def invariant(graph: Any) -> int:
    """Equal for isomorphic graphs; graphs that differ in it need no search. Six rounds of Weisfeiler and Leman."""
    colours = {node: hash(data["label"]) for node, data in graph.nodes(data=True)}
    for _ in range(6):
        colours = {
            node: hash((
                colours[node],
                tuple(sorted((colours[a], data["label"]) for a, _, data in graph.in_edges(node, data=True))),
                tuple(sorted((colours[b], data["label"]) for _, b, data in graph.out_edges(node, data=True))),
            ))
            for node in graph
        }  # fmt: skip
    return hash(tuple(sorted(colours.values())))


def check_against_isomorphism(space: SpecSpace, candidates: Iterable[Candidate]) -> int:
    """Equal identities are isomorphic, different ones are not. Gives the number of classes."""
    first: dict[str, Any] = {}
    for candidate in candidates:
        graph = as_networkx(space.space.resolve(candidate.decisions).graph())
        known = first.setdefault(candidate.identity, graph)
        assert known is graph or isomorphic(known, graph)
    alike: dict[int, list[Any]] = {}
    for graph in first.values():
        alike.setdefault(invariant(graph), []).append(graph)
    for graphs in alike.values():
        for i, graph in enumerate(graphs):
            assert not any(isomorphic(graph, other) for other in graphs[:i])
    return len(first)


def test_identities_are_isomorphism_classes_of_simplified_graphs() -> None:
    space = nasbench201()
    rng = Random(0)
    # Many zeros and identities: that is where graphs become equal.
    drawn = [
        space.walk(lambda point: rng.choice([0, 0, 1, 1, 2, 3, 4])) if rng.random() < 0.8 else space.sample(rng)
        for _ in range(120)
    ]
    candidates = [candidate for candidate in drawn if candidate is not None]
    classes = check_against_isomorphism(space, candidates)
    assert 20 < classes < len({str(c.decisions) for c in candidates})


@pytest.mark.slow
def test_identities_of_all_of_nasbench201() -> None:
    space = nasbench201()
    assert check_against_isomorphism(space, space.enumerate()) == CLASSES


@pytest.mark.slow
def test_the_networks_of_15_cells_fall_into_the_same_classes() -> None:
    def partition(space: SpecSpace) -> list[int]:
        numbers: dict[str, int] = {}
        return [numbers.setdefault(candidate.identity, len(numbers)) for candidate in space.enumerate()]

    assert partition(nasbench201(5)) == partition(nasbench201(1))


def test_examples_of_what_is_one() -> None:
    space = nasbench201()

    def identity(*operations: str) -> str:
        ids = [point.id for point in space.points(space.sample(Random(0)))]
        return space.candidate(dict(zip(ids, operations, strict=True))).identity

    none, skip, c1, c3, pool = OPERATIONS
    # Edges: 0-1, 0-2, 1-2, 0-3, 1-3, 2-3. A path over node 1 or over node 2 is the same path.
    assert identity(c1, none, none, none, c3, none) == identity(none, c1, none, none, none, c3)
    assert identity(skip, none, none, none, c3, none) == identity(none, none, none, c3, none, none)
    # What nobody reads does not matter, nor what is zero (a batch norm of zeros is not).
    assert identity(c1, c1, c1, c3, none, none) == identity(none, none, none, c3, none, none)
    assert identity(none, none, pool, c3, skip, pool) == identity(none, none, none, c3, none, none)
    # Order along a path does; sums are not flattened: (x + x) + x has two additions, x + x + x has one.
    assert identity(c1, none, none, none, c3, none) != identity(c3, none, none, none, c1, none)
    assert identity(skip, skip, skip, skip, none, skip) != identity(skip, skip, none, skip, skip, skip)


def test_the_rule_of_nats_bench() -> None:
    everything = [f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|" for a, b, c, d, e, f in product(OPERATIONS, repeat=6)]
    assert len({unique_string(arch) for arch in everything}) == 6_466
    assert edges("|none~0|+|none~0|skip_connect~1|") == [[("none", 0)], [("none", 0), ("skip_connect", 1)]]
    for wrong in ("", "none", "|none~1|", "|none~0|+"):
        with pytest.raises(ValueError, match="no architecture string"):
            edges(wrong)


def test_by_decisions_nothing_is_one() -> None:
    space = SpecSpace(archdsl.load_space("nasbench201", params={"repeats": 1}), by_decisions)
    rng = Random(0)
    drawn = [space.sample(rng) for _ in range(50)]
    assert len({c.identity for c in drawn}) == len({str(c.decisions) for c in drawn})
