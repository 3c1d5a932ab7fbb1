"""A spec while it is being rolled up: steps with the values that they read and make.

A body is closed: its steps read its entries and what they make themselves. So whole bodies can be compared, moved into
cells and put under loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from archdsl.importing.program import Level
from archdsl.ir.graph import Node, Value

BRANCHES = "branches"
LOOP = "do"
# Keys among the attributes of a loop: its count, or one list for each variable with `for ` in front.
REPEAT = "repeat"
FOR = "for "


class Expression(str):
    """An attribute that is computed from parameters or loop variables; `kind` is the type of what it gives."""

    kind: str

    def __new__(cls, text: str, kind: str = "any") -> Expression:
        """The expression with its type."""
        made = super().__new__(cls, text)
        made.kind = kind
        return made


@dataclass(eq=False, slots=True)
class Step:
    """One step.

    Attributes:
        head: an operator, a cell, `branches` or `do`.
        attributes: what is written, defaults left out.
        reads: values it reads, in order.
        makes: values it gives, in order; those that a branch hands on are among them.
        nodes: the graph's nodes that it stands for, in the order in which they are computed.
        bodies: of `branches`, or the first round of a loop.
        share: what it shares its weights with: steps of one key have one set.
        scope: the modules around it.
        half: whether its padding is half of its kernel, however it is written.
        training: whether it is computed in training alone.
    """

    head: str
    attributes: dict[str, Any]
    reads: tuple[Value, ...]
    makes: tuple[Value, ...]
    nodes: list[Node]
    bodies: list[Body] = field(default_factory=list)
    share: str = ""
    scope: tuple[Level, ...] = ()
    half: bool = False
    training: bool = False

    @property
    def lines(self) -> int:
        """About how many lines it takes."""
        return 1 + bool(self.share) + sum(max(1, body.lines) for body in self.bodies)


@dataclass(eq=False, slots=True)
class Body:
    """A list of steps with what they read from outside and what they give."""

    entries: tuple[Value, ...]
    steps: list[Step]
    results: tuple[Value, ...]

    @property
    def lines(self) -> int:
        """About how many lines it takes."""
        return sum(step.lines for step in self.steps)


@dataclass(eq=False, slots=True)
class Cell:
    """A cell: a body with parameters; its inputs are the body's entries."""

    name: str
    params: dict[str, str]
    body: Body


@dataclass(eq=False, slots=True)
class Tree:
    """A whole spec: the root's body and the cells, called ones behind their callers."""

    name: str
    root: Body
    cells: list[Cell] = field(default_factory=list)

    def bodies(self) -> Iterator[Body]:
        """Every body: those of the root and of the cells, with all that are nested in them."""
        for body in (self.root, *(cell.body for cell in self.cells)):
            yield from nested(body)


def nested(body: Body) -> Iterator[Body]:
    """A body and all bodies in it."""
    stack = [body]
    while stack:
        found = stack.pop()
        yield found
        stack.extend(inner for step in found.steps for inner in step.bodies)


def leaves(steps: Iterable[Step]) -> list[Node]:
    """The nodes that steps stand for, in the order in which they are computed."""
    return [node for step in steps for node in step.nodes]


def explicit(body: Body) -> set[Value]:
    """Values that are read by name, in the body or in bodies within it: not just handed from step to step."""
    found: set[Value] = set()
    for inner in nested(body):
        current: Sequence[Value] = inner.entries
        for step in inner.steps:
            if step.reads != tuple(current):
                found.update(step.reads)
            current = step.makes
    return found
