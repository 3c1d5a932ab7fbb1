"""A lower bound of the steps a network expands to, without building it.

Refuses at once what would else be found after a million steps: repeats within repeats, cells that call each other ten
times each, ten deep. What depends on values that are not known yet counts nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from archdsl.diagnostics.span import Span
from archdsl.spec.syntax.model import Body, Branches, Call, Cell, Constant, Do, Step, Unread, Written

STEP_LIMIT = 1_000_000

Count = Callable[[Written], int]


class Excess(NamedTuple):
    """The step with which the network passes the limit: its place, and how many steps there are at least."""

    span: Span
    steps: int


def constant_count(written: Written) -> int:
    """The rounds that a number says; 0 for what has to be computed."""
    if isinstance(written, Constant) and isinstance(written.value, int) and not isinstance(written.value, bool):
        return max(written.value, 0)
    return 0


class Sizes:
    """Counts steps; what was counted for a cell is remembered."""

    def __init__(self) -> None:
        self._cells: dict[Cell, int] = {}

    def cell(self, cell: Cell) -> int:
        """At least so many steps in one call of the cell."""
        if cell not in self._cells:
            self._cells[cell] = 0  # a cell that calls itself counts nothing here
            self._cells[cell] = self.body(cell.body, cell) if cell.body is not None else 0
        return self._cells[cell]

    def body(self, body: Body, cell: Cell, count: Count = constant_count) -> int:
        """At least so many steps in a body of the cell."""
        return sum(self.step(step, cell, count) for step in body.steps)

    def step(self, step: Step, cell: Cell, count: Count = constant_count) -> int:
        """At least so many steps, the step itself included."""
        if step.condition is not None:
            return 1
        return 1 + rounds(step, count) * self.head(step, cell, count)

    def head(self, step: Step, cell: Cell, count: Count = constant_count) -> int:
        """At least so many further steps in one round of the step."""
        head = step.head
        if isinstance(head, Call):
            target = cell.file.visible_cells.get(head.name)
            inside = self.cell(target) if target is not None and head.name not in cell.params else 0
            return inside + (1 if is_loop(step) else 0)
        if isinstance(head, Do):
            return self.body(head.body, cell, count)
        if isinstance(head, Branches):
            return sum(self.body(body, cell, count) for body in head.bodies)
        if isinstance(head, Unread):
            return 0
        return min(self.body(body, cell, count) for _, body in head.options)

    def excess(self, body: Body, cell: Cell) -> Excess | None:
        """Where the graph of a file passes the limit: at a loop, wherever it is, or else at a step of the graph."""
        total = 0
        for step in body.steps:
            total += self.step(step, cell)
            if total > STEP_LIMIT:
                inside = self._loop(step, cell, 1, {cell})
                return Excess(inside or step.span, total)
        return None

    def _loop(self, step: Step, cell: Cell, times: int, around: set[Cell]) -> Span | None:
        """The loop in or within a step with which the rounds around it, multiplied, pass the limit."""
        if step.condition is not None or self.step(step, cell) * times <= STEP_LIMIT:
            return None
        times *= rounds(step, constant_count)
        head = step.head
        bodies: tuple[Body, ...] = ()
        if isinstance(head, Do):
            bodies = (head.body,)
        elif isinstance(head, Branches):
            bodies = head.bodies
        elif isinstance(head, Call) and head.name not in cell.params:
            target = cell.file.visible_cells.get(head.name)
            if target is not None and target not in around and target.body is not None:
                bodies, cell, around = (target.body,), target, {*around, target}
        found = (self._loop(inner, cell, times, around) for body in bodies for inner in body.steps)
        deeper = next((span for span in found if span is not None), None)
        return deeper or (_place(step) if is_loop(step) and times > STEP_LIMIT else None)


def rounds(step: Step, count: Count) -> int:
    """At least so many rounds."""
    if step.repeat is not None:
        return count(step.repeat)
    if step.loop is not None:
        return min((count(value) for _, value in step.loop.variables), default=0)
    return 1


def is_loop(step: Step) -> bool:
    """Whether the step has rounds."""
    return step.loop is not None or step.repeat is not None


def _place(step: Step) -> Span:
    if step.repeat is not None:
        return step.repeat.span
    return step.loop.variables[0][1].span if step.loop is not None else step.span
