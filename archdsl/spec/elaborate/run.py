"""One elaboration: the graph that grows, what was found, decided and shared so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.span import Span
from archdsl.diagnostics.suggest import nearest
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator, OperatorError
from archdsl.ops.registry import offered, operators
from archdsl.spec.elaborate.decisions import Decider, Decision
from archdsl.spec.elaborate.messages import call_path, operand_names, outermost, show_label, show_options
from archdsl.spec.elaborate.purity import key_of, tracks_reads
from archdsl.spec.elaborate.recovery import is_misspelt
from archdsl.spec.elaborate.scopes import Absent, BoundStep, Context, Data, Frame
from archdsl.spec.elaborate.size import STEP_LIMIT, Sizes
from archdsl.spec.expressions import POISON, ExpressionError
from archdsl.spec.source.limits import MOST_FINDINGS
from archdsl.spec.syntax.model import Call, Cell, Choice, ChooseBody, Label, Step, Text

CALL_DEPTH = 64


class Reported(Exception):  # noqa: N818 - a signal, not an error
    """What was being computed failed and is reported; whoever catches this goes on with POISON."""


class Stopped(Exception):  # noqa: N818
    """A limit is passed: elaboration ends here; the finding is there."""


V = TypeVar("V")


class CallMemory(Protocol[V]):
    """Knows calls of cells that were looked at before."""

    def visit(self, bound: BoundStep, arguments: list[Data], ctx: Context) -> V | None:
        """A call that is about to be looked at; None for one that is not to be remembered."""

    def recall(self, visit: V, span: Span, ctx: Context) -> list[Data] | None:
        """The values of an equal call that was looked at before; None if there was none."""

    def remember(self, visit: V, results: list[Data], ctx: Context) -> None:
        """Keep what was found."""

    def watch(self, step: Step, ctx: Context) -> Watch | None:
        """Looks for the round of a repeat from which on all are equal, if that helps."""


class Watch(Protocol):
    """The last round of a repeat."""

    def settled(self, current: list[Data], left: int) -> bool:
        """Whether the rounds that are left need not be looked at."""


Made: TypeAlias = "tuple[BoundStep, Operator | None]"
"A callable with its attributes, and for an operator the operator itself."


class Bindings:
    """One call with the attributes that it has had so far.

    Attributes:
        names: what its attributes read.
        known: the callable with its attributes, by the values of the names.
    """

    __slots__ = ("known", "names")

    def __init__(self, names: tuple[str, ...]):
        self.names = names
        self.known: dict[object, Made] = {}

    def key(self, ctx: Context) -> object:
        """What the names stand for at a place; None if that can't be told apart."""
        found = [ctx.local.find(name) for name in self.names]
        if any(value is POISON or isinstance(value, Absent) for value in found):
            return None
        return tuple(map(key_of, found))


class Run:
    """State of one elaboration.

    Attributes:
        graph: the network so far.
        training: which form is built.
        saw_training: whether any expression read `training`.
        findings: by code and place, in order: a mistake in a cell is reported once, however often it is called.
        decisions: the outcomes, in the order in which they were reached.
        points: the decisions themselves.
        positions: which options were taken, by decision.
        steps: expanded steps so far.
        asked: how often a decision was needed.
        memory: of calls that were looked at before; None where each is looked at for itself.
        forecast: what passes a limit in the whole network; asked once, after so many steps that counting first pays.
        training_reads: how often `training` was read.
        guessing: above 0 where a step is looked at of which is not known whether it is there.
        prepared: calls whose attributes are constants, ready to be made, by head.
        bindings: the other calls, by what their attributes read; None where that is not all that they hang on.
        labels: where the file gives outcomes, by the decisions' ids.
        tracking: the cells that were called, and whether their expressions ask what was read.
    """

    def __init__(self, graph: Graph, training: bool, decider: Decider, patience: int = STEP_LIMIT):
        self.graph = graph
        self.training = training
        self.decider = decider
        self.patience = patience
        self.forecast: Callable[[], list[Diagnostic]] | None = None
        self.saw_training = False
        self.training_reads = 0
        self.findings: dict[tuple[str, Span | None], Diagnostic] = {}
        self.decisions: dict[str, Label] = {}
        self.points: dict[str, Decision] = {}
        self.positions: dict[str, tuple[int, ...]] = {}
        self.places: dict[str, Span] = {}
        self.weights: dict[str, tuple[Node, str]] = {}
        self.shares: dict[str, object] = {}
        self.prepared: dict[Call, Made] = {}
        self.bindings: dict[Call, Bindings | None] = {}
        self.tracking: dict[Cell, bool] = {}
        self.labels: Mapping[str, Span] = {}
        self.requirement_failed = False
        self.guessing = 0
        self.steps = 0
        self.asked = 0
        self.memory: CallMemory[Any] | None = None
        self.sizes = Sizes()
        self._operators = operators()

    def read_training(self) -> bool:
        """The value of `training`."""
        self.saw_training = True
        self.training_reads += 1
        return self.training

    # What grows.

    def add(self, op: Operator, operands: list[Value], ctx: Context, span: Span) -> tuple[Value, ...]:
        """Apply an operator.

        Raises:
            OperatorError: if it refuses the operands.
            Reported: if its weights are in conflict with others of the same path.
        """
        node = self.graph.add(op, operands, ctx.weights, ctx.frame.scope, span)
        if node.weights:
            self._check_weights(node, ctx, span)
        return node.outputs

    def _check_weights(self, node: Node, ctx: Context, span: Span) -> None:
        known = self.weights.get(node.path)
        if known is None:
            self.weights[node.path] = (node, ctx.shared)
            return
        first, shared = known
        if not ctx.shared or shared != ctx.shared:
            other = (f"the other is made at {first.span}",) if first.span else ()
            message = f"two sets of weights have the path `{node.path}`"
            raise self.fail("E0705", message, span, ctx, "name the step", *other)
        if first.op is not node.op or first.weights != node.weights:
            before, now = (", ".join(f"{w.name} {list(w.shape)}" for w in n.weights) for n in (first, node))
            message = f"the shared weights of `{node.path}` differ: {now}, before {before}"
            raise self.fail("E0702", message, span, ctx, "shared weights have one shape")

    def tracks_reads(self, cell: Cell) -> bool:
        """Whether an expression of the cell asks what was read."""
        known = self.tracking.get(cell)
        if known is None:
            known = self.tracking[cell] = tracks_reads(cell)
        return known

    # Callables.

    def is_callable(self, name: str, cell: Cell) -> bool:
        """Whether a cell or an operator visible from `cell`'s file has this name."""
        return name in cell.file.visible_cells or name in self._operators

    def callable(self, name: str, span: Span, ctx: Context) -> BoundStep:
        """The step parameter, cell or operator with this name; for a misspelt one, the one that is probably meant.

        Raises:
            Reported: if there is none.
        """
        frame = ctx.frame
        if name in frame.steps:
            bound = frame.steps[name]
            if bound is None:
                raise Reported
            return bound
        target = frame.cell.file.visible_cells.get(name) or self._operators.get(name)
        if target is not None:
            return BoundStep(name, target, {})
        known_value = ctx.local.find(name)
        if known_value is POISON or frame.cell.file.may_have(name):
            raise Reported
        if known_value is not None:
            raise self.fail("E0208", f"`{name}` is a value, not a callable", span, ctx, "read it with `from`")
        known = [*frame.steps, *frame.cell.file.visible_cells, *offered()]
        close = nearest(name, known)
        hint = f"did you mean `{close}`?" if close else ""
        self.fail("E0202", f"there is no operator, cell or step parameter `{name}`", span, ctx, hint)
        if is_misspelt(name, close):
            return self.callable(close, span, ctx)
        raise Reported

    # Findings.

    def fail(
        self, code: str, message: str, span: Span | None, ctx: Context | None, label: str = "", *notes: str
    ) -> Reported:
        """Add a finding with the call path; gives the exception to raise.

        Raises:
            Stopped: if there are more findings than anyone reads.
        """
        key = (code, span)
        if key not in self.findings:
            if len(self.findings) >= MOST_FINDINGS:
                raise Stopped
            where = (*call_path(ctx), *notes) if ctx is not None else notes
            severity = Severity.WARNING if code[0] == "W" else Severity.ERROR
            self.findings[key] = Diagnostic(code, message, span, label, where, severity)
        return Reported()

    def fail_expression(self, error: ExpressionError, text: Text, ctx: Context) -> Reported:
        """Report an expression's error at its place in the file."""
        span = text.span
        if error.offset >= 0 and text.content.end_column - text.content.column == len(text.text):
            span = text.content.part(error.offset, error.length)
        return self.fail(error.code, str(error), span, ctx, error.hint)

    def fail_operator(
        self, error: OperatorError, span: Span, bound: BoundStep, operands: list[Value], ctx: Context
    ) -> Reported:
        """Report an operator's refusal at the attribute it names, with the operands' types."""
        given = bound.attributes.get(error.attribute)
        names = operand_names(bound.target, operands)
        shown = [f"{name} is {value.type}" for name, value in zip(names, operands[:6], strict=False)]
        notes = ("; ".join(shown),) if shown else ()
        return self.fail(error.code, error.message, given[1] if given else span, ctx, error.hint, *notes)

    def stop(self, code: str, message: str, span: Span, ctx: Context | None, label: str = "") -> None:
        """Report a limit and end the elaboration.

        Raises:
            Stopped: always.
        """
        self.fail(code, message, span, ctx, label)
        raise Stopped

    # Limits.

    def count_step(self, step: Step, ctx: Context) -> None:
        """Count one expanded step.

        Raises:
            Stopped: past the limit, or where those to come pass it.
        """
        self.steps += 1
        if self.steps > self.patience:
            self._look_ahead()
            if self.steps > STEP_LIMIT:
                self.too_many(outermost(step.span, ctx))

    def count_rounds(self, step: Step, rounds: int, least: int, span: Span, ctx: Context) -> None:
        """Refuse a loop that passes the limit, before its first round; rounds of a call count as steps.

        Args:
            least: how many steps one round has at least.

        Raises:
            Stopped: past the limit, or where the steps to come pass it.
        """
        total = rounds * max(least, 1)
        if self.steps + total > STEP_LIMIT:
            self.too_many(span, ctx, f"{rounds:,} rounds" + (f" of at least {least:,} steps" if least > 1 else ""))
        if self.steps + total > self.patience:
            self._look_ahead()
        if isinstance(step.head, Call):
            self.steps += max(rounds - 1, 0)

    def _look_ahead(self) -> None:
        """Ask the forecast, once, whether the whole network passes a limit.

        Raises:
            Stopped: if it does.
        """
        self.patience = STEP_LIMIT
        forecast, self.forecast = self.forecast, None
        refused = forecast() if forecast is not None else []
        for found in refused:
            self.findings.setdefault(found.key, found)
        if refused:
            raise Stopped

    def too_many(self, span: Span, ctx: Context | None = None, label: str = "") -> None:
        """End the elaboration for the number of steps.

        Raises:
            Stopped: always.
        """
        self.stop("E0903", f"the network has more than {STEP_LIMIT:,} steps", span, ctx, label)

    def enter(self, frame: Frame, span: Span, ctx: Context) -> None:
        """Check the depth of cell calls.

        Raises:
            Stopped: past the limit.
            Reported: for a call within itself that may not be there at all.
        """
        if frame.depth > CALL_DEPTH:
            message = f"cells call each other more than {CALL_DEPTH} deep"
            self.stop("E0904", message, span, ctx, "does the recursion end?")
        caller: Context | None = ctx if self.guessing else None
        while caller is not None:
            if caller.frame.cell is frame.cell:
                raise Reported
            caller = caller.frame.caller

    # Decisions.

    def decide(self, decision: Decision, hole: Choice | ChooseBody, ctx: Context) -> tuple[int, ...]:
        """Which options are taken; asks once for each id.

        Raises:
            Reported: if the same id names something else already.
        """
        self.asked += 1
        known = self.points.get(decision.id)
        if known is not None:
            if not ctx.tied and self.places[decision.id] != hole.span:
                other = f"the other stands at {self.places[decision.id]}"
                message = f"two decisions have the id `{decision.id}`"
                raise self.fail("E0607", message, hole.span, ctx, "name the step", other)
            if (known.options, known.sizes) != (decision.options, decision.sizes):
                first, now = (show_options(d) for d in (known, decision))
                message = f"`{decision.id}` has other options here: {now}, before {first}"
                raise self.fail("E0703", message, hole.span, ctx, "tied decisions have the same options")
        else:
            self.points[decision.id] = decision
            self.places[decision.id] = hole.span
            outcome, positions = self._outcome(decision, hole.span, ctx)
            self.decisions[decision.id], self.positions[decision.id] = outcome, positions
        return self.positions[decision.id]

    def _outcome(self, decision: Decision, span: Span, ctx: Context) -> tuple[Label, tuple[int, ...]]:
        """The outcome and the options it takes; the first one where there is none."""
        label = self.decider.decide(decision)
        if label is None:
            hint = f"options: {show_options(decision)}"
            self.fail("E0601", f"the decision `{decision.id}` is open", span, ctx, hint)
            return _first(decision)
        positions = decision.positions(label)
        if positions is None:
            message = f"`{show_label(label)}` is no option of the decision `{decision.id}`"
            written = self.labels.get(decision.id)
            notes = (f"the decision is made at {span}",) if written is not None else ()
            self.fail("E0603", message, written or span, ctx, f"options: {show_options(decision)}", *notes)
            return _first(decision)
        if decision.sizes is None:
            return decision.options[positions[0]], positions
        return [decision.options[i] for i in positions], positions


def _first(decision: Decision) -> tuple[Label, tuple[int, ...]]:
    outcome = decision.outcome(0)
    positions = decision.positions(outcome)
    assert positions is not None
    return outcome, positions
