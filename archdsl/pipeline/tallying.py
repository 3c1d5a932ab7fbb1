"""What candidates of a space decide and cost, without building them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from archdsl.ir.graph import Graph
from archdsl.ops.base import Operator
from archdsl.spec.elaborate.compiled.program import Program
from archdsl.spec.elaborate.compiled.state import Unsupported
from archdsl.spec.elaborate.decisions import Decider, Decision, Given
from archdsl.spec.elaborate.scopes import Data
from archdsl.spec.elaborate.tally.network import Tallied, tally_network
from archdsl.spec.elaborate.tally.recollection import Recollection
from archdsl.spec.elaborate.tally.record import Doubtful, Invalid
from archdsl.spec.syntax.model import Label
from archdsl.types import TensorType

if TYPE_CHECKING:
    from archdsl.pipeline.elaboration import Forms, Request


class Price(NamedTuple):
    """What a candidate costs: the figures of `archdsl.cost` of the same names, for one sample in float32.

    Attributes:
        nodes: operators in its graph.
    """

    params: int
    buffers: int
    nodes: int
    mult_adds: int
    flops: int
    memory_access: int
    memory_access_bytes: int

    @classmethod
    def of(cls, forms: Forms) -> Price:
        """The price of a network that was built."""
        from archdsl.analysis.costing import cost_report

        graph = forms.inference.graph
        assert graph is not None
        report = cost_report(graph)
        nodes = len(graph.nodes)
        return cls(**{name: nodes if name == "nodes" else getattr(report, name) for name in cls._fields})


def simplified(graph: Graph) -> Graph:
    """The graph without dead nodes, identities and zeroed branches."""
    from archdsl.passes.pipeline import simplify

    return simplify(graph).graph


def _digest(found: Tallied) -> bytes | None:
    from archdsl.passes.sketches import network_identity

    return network_identity(found.blueprint, [value.type for value in found.inputs.values()])


@lru_cache(maxsize=1 << 16)
def _measure(op: Operator, operands: tuple[TensorType, ...]) -> tuple[int, ...]:
    """The price of one operator; what it shares with others stands first (`recollection.ONCE`)."""
    from archdsl.analysis.costing import node_cost

    return node_cost(op, operands)


@dataclass(frozen=True, slots=True)
class Tally:
    """A candidate, both forms, as `Forms` has them of one that was built.

    Attributes:
        graph: makes a graph with the canonical form of the inference form.
        digest: gives its identity, or None if only its canonical form can tell; None where that needs the graph.
    """

    decisions: dict[str, Label]
    points: dict[str, Decision]
    params: dict[str, Data]
    price: Price
    graph: Callable[[], Graph]
    digest: Callable[[], bytes | None] | None


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What was decided until it became clear that the candidate has to be built to judge it."""

    decisions: dict[str, Label]


class Tallier:
    """Adds up candidates of one space; what it has seen it remembers. Threads take turns."""

    def __init__(self) -> None:
        self._known = Recollection(simplified)
        self._turn = Lock()
        self._compiled: Program | None = None
        self._request: Request | None = None

    def __reduce__(self) -> tuple[type[Tallier], tuple[()]]:
        """For copies and other processes: without what is remembered."""
        return Tallier, ()

    def tally(self, request: Request, decider: Decider) -> Tally | Unsettled | None:
        """The candidate that a decider makes; None if it is none, for whatever reason."""
        with self._turn:
            try:
                return self._forms(request, decider)
            except Invalid:
                return None

    def _forms(self, request: Request, decider: Decider) -> Tally | Unsettled:
        inference = self._shortly(request, decider)
        if isinstance(inference, Unsettled):
            inference = self._form(request, Given(inference.decisions, decider), training=False)
        if not isinstance(inference, Tallied):
            return inference
        decisions, points = inference.decisions, inference.points
        if inference.saw_training:
            training = self._form(request, Given(inference.decisions, decider), training=True)
            if not isinstance(training, Tallied) or not training.covers(inference):
                return Unsettled(decisions)
            decisions, points = {**training.decisions, **decisions}, {**points, **training.points}
        price = Price._make(inference.amounts or (0,) * len(Price._fields))
        digest = partial(_digest, inference) if inference.distinct else None
        return Tally(decisions, points, inference.params, price, inference.graph, digest)

    def _shortly(self, request: Request, decider: Decider) -> Tallied | Unsettled:
        """The short way, for files and candidates that do nothing unusual."""
        program = self._program(request)
        reached: dict[str, Label] = {}
        if program is None:
            return Unsettled(reached)
        try:
            return program.run(decider, reached)
        except Doubtful:
            return Unsettled(reached)
        except Unsupported:
            self._compiled = None
            return Unsettled(reached)

    def _program(self, request: Request) -> Program | None:
        """The file compiled, with its parameters and shapes; None if it can't be."""
        known = self._request
        same = known is not None and (known.spec, id(known.params), id(known.shapes)) == (
            request.spec,
            id(request.params),
            id(request.shapes),
        )
        if not same:
            self._request = request
            try:
                self._compiled = Program(request.spec, request.params, request.shapes, _measure, simplified)
            except Unsupported:
                self._compiled = None
        return self._compiled

    def _form(self, request: Request, decider: Decider, training: bool) -> Tallied | Unsettled:
        reached: dict[str, Label] = {}
        try:
            return tally_network(
                request.spec, decider, self._known, _measure, request.params, request.shapes, training, reached
            )
        except Doubtful:
            return Unsettled(reached)
