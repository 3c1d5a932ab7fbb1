"""Counts the steps of a large network before it is built.

A network that passes the limit is refused only after a million steps, unless they can be counted faster. Here they
are: nothing is built, a cell that is called again with the same arguments is not looked at again, and a repeat whose
rounds have become equal is multiplied. A count is given up after a while, so that it never costs much.
"""

from __future__ import annotations

from typing import NamedTuple

from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Graph, Value
from archdsl.ops.base import Operator, infer
from archdsl.spec.elaborate.decisions import Decider
from archdsl.spec.elaborate.messages import outermost
from archdsl.spec.elaborate.run import Run
from archdsl.spec.elaborate.scopes import BoundStep, Context, Data
from archdsl.spec.elaborate.size import STEP_LIMIT
from archdsl.spec.syntax.model import Step
from archdsl.types import TensorType

# Steps of a network after which counting pays, and steps that a count may look at itself.
PATIENCE = 50_000
_BUDGET = 20_000


class GivenUp(Exception):  # noqa: N818 - a signal, not an error
    """The count takes too long."""


class Counting(Run):
    """An elaboration that builds nothing and only counts.

    Args:
        alike: whether the decider fills equal holes alike, whatever their ids.
    """

    def __init__(self, graph: Graph, training: bool, decider: Decider, alike: bool):
        super().__init__(graph, training, decider)
        self.memory = Memory(self, alike)
        self._looked_at = 0
        self._alive: list[Value] = []  # as long as they are, no other value has their identity

    def value(self, kind: TensorType) -> Value:
        """A value that no node makes."""
        made = Value(kind)
        self._alive.append(made)
        return made

    def add(self, op: Operator, operands: list[Value], ctx: Context, span: Span) -> tuple[Value, ...]:
        """The outputs' types, without a node."""
        return tuple([self.value(kind) for kind in infer(op, tuple([value.type for value in operands]))])

    def count_step(self, step: Step, ctx: Context) -> None:
        """Count one step.

        Raises:
            GivenUp: once too many were looked at.
        """
        super().count_step(step, ctx)
        self._looked_at += 1
        if self._looked_at > _BUDGET:
            raise GivenUp

    def skip(self, steps: int, span: Span, ctx: Context) -> None:
        """Count steps that are not looked at.

        Raises:
            Stopped: past the limit.
        """
        self.steps += steps
        if self.steps > STEP_LIMIT:
            self.too_many(outermost(span, ctx))


class Visit(NamedTuple):
    """A call that is about to be looked at: what it depends on, its tensors in order, and the counts before it."""

    key: object
    tensors: list[Value]
    steps: int
    asked: int


class Memory:
    """What is known about calls: their steps, and which values they give."""

    def __init__(self, run: Counting, alike: bool):
        self._run = run
        self._alike = alike
        self._calls: dict[object, tuple[int, list[object]]] = {}

    def visit(self, bound: BoundStep, arguments: list[Data], ctx: Context) -> Visit:
        """A call of a cell; it depends on its parameters, and on types and identity of the tensors that it reads."""
        tensors: dict[int, Value] = {}
        key = (_key(_shape(bound, tensors)), _key(_shape(arguments, tensors)))
        return Visit(key, list(tensors.values()), self._run.steps, self._run.asked)

    def recall(self, visit: Visit, span: Span, ctx: Context) -> list[Data] | None:
        """The values of an equal call that was looked at before, its steps counted again; None if there was none."""
        known = self._calls.get(visit.key)
        if known is None:
            return None
        steps, results = known
        self._run.skip(steps, span, ctx)
        made: dict[int, Value] = dict(enumerate(visit.tensors))
        return [self._restored(result, made) for result in results]

    def remember(self, visit: Visit, results: list[Data], ctx: Context) -> None:
        """Keep what a call took and gave, unless it hangs on decisions that may differ the next time."""
        if self._alike or self._run.asked == visit.asked:
            tensors = {id(value): value for value in visit.tensors}
            self._calls[visit.key] = self._run.steps - visit.steps, [_shape(result, tensors) for result in results]

    def _restored(self, result: object, made: dict[int, Value]) -> Data:
        if type(result) is list:
            return [self._restored(item, made) for item in result]
        if isinstance(result, _Tensor):
            if result.number not in made:
                made[result.number] = self._run.value(result.type)
            return made[result.number]
        assert isinstance(result, _Other)
        return result.value  # type: ignore[return-value]

    def watch(self, step: Step, ctx: Context) -> Watch:
        """Looks for the round of a repeat from which on all are equal."""
        return Watch(self._run, step, ctx)


class Watch:
    """The last round of a repeat."""

    def __init__(self, run: Counting, step: Step, ctx: Context):
        self._run = run
        self._step = step
        self._ctx = ctx
        self._before = run.steps
        self._last: object = None

    def settled(self, current: list[Data], left: int) -> bool:
        """Whether a round took and gave what the one before did; if so, those that are left are counted."""
        cost, self._before = self._run.steps - self._before, self._run.steps
        now = (cost, _key(_shape(current, {})))
        if now != self._last:
            self._last = now
            return False
        self._run.skip(cost * left, self._step.span, self._ctx)
        return True


class _Tensor(NamedTuple):
    number: int
    type: TensorType


class _Other(NamedTuple):
    kind: type
    value: object


def _shape(data: object, tensors: dict[int, Value]) -> object:
    """Data with its tensors numbered in order of occurrence: equal for data that steps can't tell apart."""
    if isinstance(data, Value):
        number = next((i for i, known in enumerate(tensors) if known == id(data)), len(tensors))
        tensors.setdefault(id(data), data)
        return _Tensor(number, data.type)
    if isinstance(data, list):
        return [_shape(item, tensors) for item in data]
    if isinstance(data, BoundStep):
        attributes = [(name, _shape(value, tensors)) for name, (value, _) in sorted(data.attributes.items())]
        return [_Other(int, id(data.target)), attributes]
    return _Other(type(data), data)


def _key(shape: object) -> object:
    return tuple(_key(item) for item in shape) if type(shape) in (list, tuple) else shape  # type: ignore[attr-defined]
