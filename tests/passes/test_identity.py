"""Identities of graphs and candidates: the same classes as the canonical hash, on every shipped space."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.ir.graph import Graph, Value
from archdsl.ops.registry import make, operators
from archdsl.passes.canonical import canonical_hash, identity
from archdsl.passes.pipeline import simplify
from archdsl.types import TensorType

SPACES = sorted(path.stem for path in (Path(__file__).parents[2] / "specs" / "spaces").glob("*.yaml"))
IMAGE = TensorType((4, 6, 6))


def check_same_classes(pairs: list[tuple[str, str]]) -> int:
    """Of hashes and identities; gives the number of classes."""
    classes = len(set(pairs))
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == classes
    return classes


def graph_of(rng: Random, nodes: int) -> Graph:
    """A drawn graph: few operators on few values, so that much is computed twice, is zero or dead."""
    graph = Graph("drawn")
    graph.inputs = {name: Value(IMAGE, name) for name in "ab"}
    values = list(graph.inputs.values())
    for place in range(nodes):
        name, attributes, reads = rng.choice([
            ("relu", {}, 1), ("relu", {}, 1), ("identity", {}, 1), ("zero", {}, 1), ("add", {}, 2), ("add", {}, 3),
            ("sub", {}, 2), ("mul", {}, 2), ("mean", {}, 2), ("maximum", {}, 2), ("add", {}, 1),
            ("conv2d", {"out_channels": 4, "kernel_size": 1}, 1),
            ("conv2d", {"out_channels": 4, "kernel_size": 1, "bias": False}, 1),
            ("chunk", {"chunks": 2}, 1),
        ])  # fmt: skip
        operands = [rng.choice(values[-6:]) for _ in range(reads)]
        made = graph.add(make(operators()[name], attributes), operands, f"n{place}")
        if name == "chunk":
            made = graph.add(make(operators()["concat"], {}), rng.sample(made.outputs, 2), f"n{place}/concat")
        values += made.outputs
    graph.outputs = {str(i): rng.choice(values[-4:]) for i in range(2)}
    return graph


def shuffled(graph: Graph, rng: Random) -> Graph:
    """The same network: nodes in another order, commutative operators' operands too, under other names."""
    found = Graph("shuffled", dict(graph.inputs))
    now = {value: value for value in graph.inputs.values()}
    waiting = list(graph.nodes)
    while waiting:
        ready = [node for node in waiting if all(value in now for value in node.operands)]
        node = rng.choice(ready)
        waiting.remove(node)
        operands = [now[value] for value in node.operands]
        if node.op.commutative:
            rng.shuffle(operands)
        made = found.add(node.op, operands, f"m{len(found.nodes)}")
        now.update(zip(node.outputs, made.outputs, strict=True))
    found.outputs = {f"out {name}": now[value] for name, value in graph.outputs.items()}
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 14))
def test_a_network_in_another_order_has_the_same_identity(seed: int, nodes: int) -> None:
    rng = Random(seed)
    graph = graph_of(rng, nodes)
    again = shuffled(graph, rng)
    assert canonical_hash(again) == canonical_hash(graph)
    assert identity(again) == identity(graph) == identity(simplify(graph).graph)


def test_drawn_graphs_fall_into_the_classes_of_the_canonical_hash() -> None:
    rng = Random(0)
    graphs = [graph_of(rng, rng.randrange(1, 9)) for _ in range(3000)]
    classes = check_same_classes([(canonical_hash(graph), identity(graph)) for graph in graphs])
    assert 500 < classes < 2900


def twice(shared: bool) -> Graph:
    """relu(a) computed once or twice, read by a product with itself and by a sum."""
    graph = Graph("twice")
    graph.inputs = {"a": Value(IMAGE, "a")}
    (a,) = graph.inputs.values()
    one = graph.add(make(operators()["relu"], {}), [a], "one").outputs[0]
    other = one if shared else graph.add(make(operators()["relu"], {}), [a], "other").outputs[0]
    product = graph.add(make(operators()["mul"], {}), [one, other], "mul").outputs[0]
    graph.outputs = {"x": graph.add(make(operators()["add"], {}), [product, one], "add").outputs[0]}
    return graph


def test_what_is_computed_twice_is_not_what_is_computed_once() -> None:
    assert identity(twice(True)) != identity(twice(False))


def test_shared_weights_are_told_from_equal_ones() -> None:
    def graph(paths: tuple[str, str]) -> Graph:
        found = Graph("shared")
        found.inputs = {"a": Value(IMAGE, "a")}
        value = found.inputs["a"]
        for path in paths:
            convolution = make(operators()["conv2d"], {"out_channels": 4, "kernel_size": 1})
            value = found.add(convolution, [value], path).outputs[0]
        found.outputs = {"x": value}
        return found

    assert identity(graph(("w", "w"))) != identity(graph(("w", "v")))
    assert identity(graph(("v", "v"))) == identity(graph(("w", "w")))


@pytest.mark.parametrize("name", SPACES)
def test_candidates_of_shipped_spaces_fall_into_the_same_classes(name: str) -> None:
    """Identities found without a graph are those of the graphs; so are the classes."""
    space = archdsl.load_space(name)
    rng = Random(0)
    found = []
    decided = space.sample(rng)
    for number in range(12):
        resolved = space.resolve(decided)
        pair = resolved.hash, resolved.identity
        found.append(pair)
        if number % 6 == 0:
            built = archdsl.load_space(name).resolve(decided).graph()
            assert (canonical_hash(built), identity(built)) == pair
        decided = near(space, decided, rng)
    check_same_classes(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", SPACES)
def test_thousands_of_candidates_fall_into_the_same_classes(name: str) -> None:
    space = archdsl.load_space(name)
    rng = Random(1)
    found = []
    for _ in range(100):
        decided = space.sample(rng)
        for _ in range(20):
            resolved = space.resolve(decided)
            found.append((resolved.hash, resolved.identity))
            decided = near(space, decided, rng)
    check_same_classes(found)


def near(space: archdsl.Space, decided: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Decisions that differ in one, drawn until they are in the space: often the same network, or nearly."""
    while True:
        changed = rng.choice(list(decided))
        walk = space.walk(
            lambda point, changed=changed: (
                rng.randrange(point.outcomes)
                if point.id == changed or point.id not in decided
                else point.index(decided[point.id]) or 0
            )
        )
        if walk.architecture is not None:
            return walk.decisions
