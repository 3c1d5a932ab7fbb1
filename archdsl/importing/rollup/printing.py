"""The text of a rolled-up spec, as `archdsl fmt` lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archdsl.importing.rollup.naming import identifier, unique, value_name
from archdsl.importing.rollup.tree import (
    BRANCHES,
    FOR,
    LOOP,
    REPEAT,
    Body,
    Cell,
    Expression,
    Step,
    Tree,
    explicit,
    nested,
)
from archdsl.ir.graph import Value
from archdsl.ops.registry import operators
from archdsl.spec.expressions.reserved import RESERVED
from archdsl.spec.format import format_text

WIDTH = 120
MARGIN = 10  # what stands in front of most lines
INPUTS = ("x", "y", "z", "w")


def print_tree(tree: Tree, inputs: Mapping[str, Value], outputs: Mapping[str, Value], description: str) -> str:
    """The file.

    Args:
        tree: the steps.
        inputs: the network's inputs by the names that they had.
        outputs: likewise.
        description: one line.
    """
    taken = {*RESERVED, *operators(), *(cell.name for cell in tree.cells)}
    unit = _Unit(taken)
    lines = ["archdsl: 1", f"name: {identifier(tree.name, 'network')}", f"description: {_text(description)}"]
    lines += ["inputs:", *(f"  {line}" for line in unit.inputs(inputs))]
    if tree.cells:
        lines += ["", "cells:"]
        for number, cell in enumerate(reversed(tree.cells)):
            lines += [""] * bool(number) + [f"  {line}" for line in _cell(cell, taken)]
    names = unit.outputs(outputs, set(tree.root.entries))
    steps = [f"  {line}" for line in unit.body(tree.root)]
    lines += ["", "graph:" if steps else "graph: []", *steps]
    written = {name: unit.names[value] for name, value in names.items()}
    plain = all(name == value for name, value in written.items())
    lines.append(f"outputs: {flow(list(written) if plain else {k: Expression(v) for k, v in written.items()})}")
    return format_text("\n".join(lines) + "\n")


def _text(text: str) -> str:
    safe = "".join(c if c.isprintable() and c not in '"\\' else "_" for c in text)
    return f'"{safe}"'


def _cell(cell: Cell, taken: set[str]) -> Iterator[str]:
    unit = _Unit({*taken, *cell.params})
    yield f"{cell.name}:"
    for value, name in zip(cell.body.entries, INPUTS, strict=False):
        unit.names[value] = name
        unit.taken.add(name)
    if len(cell.body.entries) > 1:
        yield f"  inputs: {flow([unit.names[value] for value in cell.body.entries])}"
    yield from (f"  {line}" for line in mapping("params", cell.params))
    yield "  graph:"
    for line in unit.body(cell.body):
        yield f"    {line}"


class _Unit:
    """The network's own graph, or a cell: what names mean there."""

    def __init__(self, taken: set[str]):
        self.taken = set(taken)
        self.names: dict[Value, str] = {}
        self.keys: dict[str, str] = {}
        self.needed: set[Value] = set()
        self.handed_on: set[Step] = set()  # their results have the name of the group that they end

    def inputs(self, inputs: Mapping[str, Value]) -> Iterator[str]:
        for given, value in inputs.items():
            name = self.named(value, identifier(given, "input"))
            shape = flow(list(value.type.shape))
            yield f"{name}: {shape}" if value.type.dtype == "float32" else f"{name}: {{shape: {shape}, dtype: int64}}"

    def named(self, value: Value, base: str) -> str:
        name = unique(base, self.taken)
        self.taken.add(name)
        self.names[value] = name
        return name

    def outputs(self, outputs: Mapping[str, Value], inputs: set[Value]) -> dict[str, Value]:
        """The outputs by valid names; their values get these names where they have none."""
        found: dict[str, Value] = {}
        for given, value in outputs.items():
            self.needed.add(value)
            name = unique(identifier(given, "output"), {*found, *RESERVED})
            if value not in self.names and name not in self.taken:
                self.named(value, name)
            found[name] = value
        return found

    def body(self, body: Body) -> Iterator[str]:
        """The lines of a body that is the whole unit."""
        self.needed |= explicit(body)
        for inner in nested(body):
            for step in inner.steps:
                self.name_results(step)
        yield from self.steps(body)

    def name_results(self, step: Step) -> None:
        if step.head == BRANCHES or self.needed.isdisjoint(step.makes):
            return
        for value in step.makes:
            if value not in self.names:
                self.named(value, value_name(step, self.taken))

    def steps(self, body: Body) -> Iterator[str]:
        """A list of steps, each with its dash."""
        current: Sequence[Value] = body.entries
        for step in body.steps:
            lines = list(self.step(step, tuple(current)))
            yield f"- {lines[0]}"
            yield from (f"  {line}" for line in lines[1:])
            current = step.makes

    def step(self, step: Step, current: tuple[Value, ...]) -> Iterator[str]:
        words = self.words(step, current)
        if step.head == LOOP:
            yield from self.loop(step, words)
        elif step.head == BRANCHES:
            yield "branches:"
            for body in step.bodies:
                yield from self.branch(body)
            yield from words
        else:
            yield from head(step, bool(words))
            yield from words

    def words(self, step: Step, current: tuple[Value, ...]) -> list[str]:
        """`from`, `share`, `if` and `name`, as far as they are needed."""
        found = []
        if step.reads and step.reads != current:
            names = [self.names[value] for value in step.reads]
            found.append(f"from: {names[0] if len(names) == 1 else flow(names)}")
        if step.share:
            found.append(f"share: {self.key(step)}")
        if step.training:
            found.append("if: training")
        if step.head != BRANCHES and step not in self.handed_on and not self.needed.isdisjoint(step.makes):
            names = [self.names[value] for value in step.makes]
            found.append(f"name: {names[0] if len(names) == 1 else flow(names)}")
        return found

    def key(self, step: Step) -> str:
        if step.share not in self.keys:
            name = unique(f"shared_{step.head}", self.taken)
            self.taken.add(name)
            self.keys[step.share] = name
        return self.keys[step.share]

    def branch(self, body: Body) -> Iterator[str]:
        lines = list(self.steps(body))
        if not lines:
            yield "  - []"
        elif len(lines) == 1:
            yield f"  {lines[0]}"
        else:
            yield f"  - {lines[0]}"
            yield from (f"    {line}" for line in lines[1:])

    def loop(self, step: Step, words: list[str]) -> Iterator[str]:
        (body,) = step.bodies
        variables = {name.removeprefix(FOR): value for name, value in step.attributes.items() if name != REPEAT}
        count = list(mapping("for", variables))
        if REPEAT in step.attributes:
            count.append(f"repeat: {flow(step.attributes[REPEAT])}")
        (first, *others) = body.steps
        if not count:
            self.handed_on.add(body.steps[-1])
        if not others and first.head != LOOP and first.head != BRANCHES and self.needed.isdisjoint(first.makes):
            yield from head(first, True)
            yield from self.words(first, body.entries)
        else:
            yield "do:"
            yield from (f"  {line}" for line in self.steps(body))
        yield from count
        yield from words


def head(step: Step, words: bool) -> Iterator[str]:
    """`conv2d: {...}`, on several lines where it is long."""
    if step.attributes:
        yield from mapping(step.head, step.attributes)
    else:
        yield f"{step.head}:" if words else step.head


def mapping(key: str, values: Mapping[str, Any]) -> Iterator[str]:
    """`key: {...}`, on several lines where it is long; nothing for nothing."""
    line = f"{key}: {flow(values)}"
    if values and len(line) + MARGIN <= WIDTH:
        yield line
    elif values:
        yield f"{key}:"
        for name, value in values.items():
            yield f"  {name}: {flow(value, outermost=True)}"


def flow(value: Any, outermost: bool = False) -> str:
    """A value in brackets style; expressions are quoted where they would mean something else."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        quoted = any(c in value for c in ",[]{}") and not (outermost and value[0] not in "[{")
        return f'"{value}"' if quoted else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
