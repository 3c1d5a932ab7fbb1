"""The names that a cell's file makes visible, as far as they are known without building anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from archdsl.diagnostics.span import Span
from archdsl.spec.expressions import ExpressionError, parse
from archdsl.spec.syntax.model import Body, Constant, Step, Text


class Condition(NamedTuple):
    """The `if` of a step: how to show it (empty: there is none) and which names it is about."""

    shown: str = ""
    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.shown)


NO_CONDITION = Condition()


def condition_of(step: Step) -> Condition:
    """The condition under which a step is there."""
    written = step.condition
    if written is None or isinstance(written, Constant):
        return NO_CONDITION
    if not isinstance(written, Text):
        return Condition("a decision says so")
    try:
        return Condition(f"`{written.text}`", parse(written.text).names)
    except ExpressionError:
        return Condition(f"`{written.text}`")


@dataclass(eq=False)
class Known:
    """A visible name: what made it, under which condition, and whether anybody reads it.

    Attributes:
        kind: input, parameter, step, loop variable, growing list, collected list.
        condition: of the one step that gives it; empty if several do, each under its own.
        conditional: whether every step that gives it has a condition.
    """

    name: str
    span: Span
    kind: str
    condition: Condition = NO_CONDITION
    conditional: bool = False
    used: bool = False
    labels_decision: bool = False


class StaticScope:
    """The names of one body, on top of those around it."""

    def __init__(self, parent: StaticScope | None = None):
        self.parent = parent
        self.names: dict[str, Known] = {}
        # Names of steps that were reported: they are taken already.
        self.refused: set[str] = set()
        # Names that are not visible here, by what there is to say about them.
        self.hints: dict[str, str] = {}

    def find(self, name: str) -> Known | None:
        """The visible name, or None."""
        scope: StaticScope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def hint(self, name: str) -> str:
        """What is known about a name that is not visible here; may be empty."""
        scope: StaticScope | None = self
        while scope is not None:
            if name in scope.hints:
                return scope.hints[name]
            scope = scope.parent
        return ""

    def expect(self, body: Body) -> None:
        """Note the names that the steps of this scope's body will give."""
        for step in body.steps:
            for name in (*step.names, *(made for made, _ in step.collect)):
                self.hints.setdefault(name.text, f"it is given further down, at line {name.span.line}")

    def leave(self, inner: StaticScope) -> None:
        """Note the names of a body inside this one, which has ended."""
        for known in inner.names.values():
            if known.kind in ("step", "collected list"):
                where = f"line {known.span.line} gives it inside another body"
                self.hints.setdefault(known.name, f"{where}; out lead only that step's own `name` and `collect`")

    def visible(self) -> Iterator[str]:
        """Every visible name."""
        scope: StaticScope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent
