"""Calls that are copied from equal ones built before: the network is the same as if each were built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

import archdsl
from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ops.base import Operator
from archdsl.pipeline.architecture import Architecture
from archdsl.spec.elaborate import repetition
from archdsl.spec.elaborate.run import Run
from archdsl.spec.library import index

Write = Callable[..., Path]
Codes = Callable[[str], list[str]]


def everything(graph: Graph) -> list[object]:
    """All that a graph says: nodes with places, names and calls around them, and how they hang together."""
    numbers: dict[Value, object] = {value: ("input", name) for name, value in graph.inputs.items()}
    scopes: dict[Scope, object] = {}

    def place(scope: Scope) -> object:
        if scope not in scopes:
            around = None if scope.parent is None else place(scope.parent)
            scopes[scope] = (len(scopes), scope.cell, scope.path, scope.span, scope.round, around)
        return scopes[scope]

    found: list[object] = [[(name, value.type, value.name) for name, value in graph.inputs.items()]]
    for number, node in enumerate(graph.nodes):
        for which, value in enumerate(node.outputs):
            assert value.producer is node
            numbers[value] = (number, which)
        reads = [numbers[value] for value in node.operands]
        makes = [(value.type, value.name) for value in node.outputs]
        found.append((node.op, reads, makes, node.path, node.span, place(node.scope)))
    return [*found, [(name, numbers[value]) for name, value in graph.outputs.items()], graph.root is scope_of(graph)]


def scope_of(graph: Graph) -> Scope:
    """The outermost scope of the nodes."""
    scope = graph.nodes[0].scope if graph.nodes else graph.root
    while scope.parent is not None:
        scope = scope.parent
    return scope


@contextmanager
def counting() -> Iterator[list[int]]:
    """How many nodes were built and not copied."""
    built = [0]
    add = Run.add

    def counted(self: Run, op: Operator, *further: object) -> tuple[Value, ...]:
        built[0] += 1
        return add(self, op, *further)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "add", counted)
        yield built


def one_by_one(spec: str | Path) -> Architecture:
    """The network with every call built for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repetition.Repetitions, "recall", lambda self, visit, span, ctx: None)
        return archdsl.load(spec)


def expect_same(spec: str | Path) -> Graph:
    """Load a spec both ways; gives the inference form."""
    copied, built = archdsl.load(spec), one_by_one(spec)
    for training in (False, True):
        assert everything(copied.graph(training)) == everything(built.graph(training))
    return copied.graph()


FAMILIES = sorted({entry["file"]: name for name, entry in index().items() if entry["kind"] == "model"}.values())


@pytest.mark.parametrize("name", FAMILIES)
def test_shipped_networks_are_the_same(name: str) -> None:
    expect_same(name)


def test_most_of_nasnet_is_copied() -> None:
    with counting() as built:
        network = archdsl.load("nasnet_large")
    assert built[0] < len(network.graph().nodes) / 4
    assert len(network.graph(training=True).nodes) > len(network.graph().nodes)


UNIT = """
cells:
  unit:
    inputs: [x, z]
    params: {channels: 8, act: relu}
    graph:
      - conv2d: {out_channels: channels, kernel_size: 1}
        from: x
        name: made
      - act
      - add:
        from: [made, z]
"""
SAME = {
    "one operand twice, and two of one type": """
  - conv2d: {out_channels: 8, kernel_size: 1}
    name: a
  - relu:
    name: b
  - {unit: {}, from: [a, b], name: one}
  - {unit: {}, from: [b, a], name: two}
  - {unit: {}, from: [b, b], name: three}
  - {unit: {act: sigmoid}, from: [a, b], name: four}
  - {add: {}, from: [one, two, three, four]}
""",
    "loops, with names in them": """
  - conv2d: {out_channels: 8, kernel_size: 1}
    name: a
  - for: {i: 3}
    do:
      - {unit: {}, from: [a, a]}
      - relu:
        name: again
      - {unit: {}, from: [again, a]}
  - do:
      - {unit: {channels: 8}, from: [a, a]}
    repeat: 3
""",
    "weights that are shared": """
  - conv2d: {out_channels: 8, kernel_size: 1}
    name: a
  - {unit: {}, from: [a, a], share: both, name: one}
  - {unit: {}, from: [one, a], share: both, name: two}
  - {unit: {}, from: [one, a], name: three}
  - {unit: {}, from: [two, a], name: four}
  - {add: {}, from: [three, four]}
""",
}


@pytest.mark.parametrize("steps", SAME.values(), ids=SAME)
def test_calls_are_the_same(steps: str, write: Write) -> None:
    expect_same(write(f"inputs: {{x: [8, 4, 4]}}{UNIT}graph:{steps}"))


CELLS = {
    "cells that share within": """
cells:
  twice:
    graph:
      - conv2d: {out_channels: 8, kernel_size: 1}
        share: inner
      - conv2d: {out_channels: 8, kernel_size: 1}
        share: inner
graph:
  - twice
  - relu
  - twice
  - {twice: {}, name: third}
""",
    "names given to what a cell reads, and to what it gives": """
cells:
  keep:
    graph:
      - identity:
        name: kept
  named:
    graph:
      - keep
      - relu:
        name: inner
      - keep
graph:
  - relu
  - keep
  - sigmoid:
    name: mine
  - keep
  - named
  - named
  - {named: {}, name: outer}
  - named
""",
    "what hangs on the form": """
cells:
  sometimes:
    graph:
      - conv2d: {out_channels: 8, kernel_size: 1}
      - dropout: {p: 0.5}
        if: training
  around:
    graph:
      - sometimes
      - relu
graph:
  - around
  - around
  - {sometimes: {}, repeat: 2}
""",
    "lists, constants and steps as parameters": """
cells:
  conv:
    params: {out: int}
    graph: [{conv2d: {out_channels: out, kernel_size: 1}}]
  split:
    params: {inner: {conv: {out: 8}}, scale: 2}
    graph:
      - inner
      - chunk: {chunks: 2}
        name: parts
      - constant: {shape: [4, 1, 1], value: scale}
        name: factor
      - {mul: {}, from: ["parts[0]", factor], name: scaled}
    outputs: [scaled, parts]
  join:
    inputs: [parts]
    graph: [{concat: {}, from: parts}]
graph:
  - {split: {}, name: [a, az]}
  - {join: {}, from: [az], name: first}
  - {split: {inner: {conv: {out: 8}}}, from: first, name: [b, bs]}
  - {split: {scale: 2.0}, from: first, name: [c, cs]}
  - {split: {inner: relu}, from: first, name: [d, ds]}
  - {join: {}, from: [bs]}
  - {join: {}, from: [cs]}
  - {join: {}, from: [ds], name: last}
outputs: [a, b, c, d, last]
""",
    "inputs that nobody in the cell has read": """
cells:
  rest:
    inputs: [x, z]
    graph:
      - relu:
        from: x
      - {add: {}, from: "unused([x, z])", name: left}
graph:
  - {sigmoid: {}, name: s}
  - {rest: {}, from: [x, s], name: one}
  - {rest: {}, from: [one, s], name: two}
""",
}


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
def test_cells_are_the_same(text: str, write: Write) -> None:
    expect_same(write(f"inputs: {{x: [8, 4, 4]}}{text}"))


def test_decisions_within_calls_are_asked_for_each(space: Callable[..., archdsl.Space]) -> None:
    built = space("""
cells:
  one_of:
    graph:
      - choose: {rectified: relu, squashed: sigmoid}
        name: taken
graph:
  - {one_of: {}, name: first}
  - {one_of: {}, name: second}
""")
    found = {tuple(node.op.name for node in built.resolve(built.sample(Random(i))).graph().nodes) for i in range(40)}
    assert len(found) == 4


def test_two_calls_at_one_path_are_still_refused(codes: Codes) -> None:
    twice = "graph:\n  - {unit: {}, from: [x, x]}\n  - {unit: {}, from: [x, x]}\n"
    twice += "  - {unit: {}, from: [x, x], name: unit_2}\n"
    assert [code.partition(":")[2] for code in codes(UNIT + twice)] == ["E0705"]


def test_depth_is_still_limited(codes: Codes) -> None:
    text = """
cells:
  down:
    params: {n: int}
    graph:
      - {down: {n: n - 1}, if: n > 0}
      - relu
  around:
    params: {n: int}
    graph: [{down: {n: n}}]
graph:
  - down: {n: 60}
  - around: {n: %d}
"""
    assert codes(text % 60) == []
    assert [code.partition(":")[2] for code in codes(text % 63)] == ["E0904"]


def test_copied_nodes_are_nodes_of_their_own(write: Write) -> None:
    graph = expect_same(write(f"inputs: {{x: [8, 4, 4]}}{UNIT}graph:{SAME['loops, with names in them']}"))
    assert len({id(node) for node in graph.nodes}) == len(graph.nodes)
    assert all(isinstance(node, Node) for node in graph.nodes)
