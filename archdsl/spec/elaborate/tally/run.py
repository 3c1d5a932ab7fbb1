"""A run that adds up what operators cost, and remembers cell calls across runs.

It stops at the first mistake: whoever needs to know more builds the network. It also stops where it can't be sure to
find what building finds (`Doubtful`): paths of weights that collide, weights shared by calls that differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Graph, Value
from archdsl.ops.base import Operator, infer, weights_of
from archdsl.spec.elaborate.decisions import Decider, Decision
from archdsl.spec.elaborate.run import CALL_DEPTH, Reported, Run
from archdsl.spec.elaborate.scopes import BoundStep, Context, Data
from archdsl.spec.elaborate.tally.blueprint import Applied, Included
from archdsl.spec.elaborate.tally.outlines import Tensors, restored
from archdsl.spec.elaborate.tally.recollection import Amounts, Ask, Leaf, Positions, Recollection, Taken, Tree, repeated
from archdsl.spec.elaborate.tally.record import Doubtful, Invalid, Record
from archdsl.spec.syntax.model import Choice, ChooseBody, Step
from archdsl.types import TensorType

Measure: TypeAlias = "Callable[[Operator, tuple[TensorType, ...]], Amounts]"

# Steps that are looked at, remembered ones not counted, before the network is built instead.
_PATIENCE = 50_000

_Asked: TypeAlias = "tuple[Decision, Choice | ChooseBody, bool, Positions]"


class Tallying(Run):
    """An elaboration that builds nothing and adds up.

    Args:
        known: calls of earlier runs of the same file.
        measure: what an operator costs on such operands.

    Attributes:
        record: the call in progress, or the network itself.
        asks: every decision that was asked for, in order.
    """

    def __init__(self, graph: Graph, training: bool, decider: Decider, known: Recollection, measure: Measure):
        super().__init__(graph, training, decider, _PATIENCE)
        self.prepared = known.prepared
        self.sizes = known.sizes
        self.tracking = known.tracking
        self.memory = Calls(self, known)
        self.record = Record()
        self.asks: list[_Asked] = []
        self._measure = measure
        self._alive: list[Value] = []  # as long as they are, no other value has their identity

    def value(self, kind: TensorType) -> Value:
        """A value that no node makes."""
        made = Value(kind)
        self._alive.append(made)
        return made

    def read_training(self) -> bool:
        """The value of `training`; noted for the call in progress."""
        self.record.saw_training = True
        return super().read_training()

    def add(self, op: Operator, operands: list[Value], ctx: Context, span: Span) -> tuple[Value, ...]:
        """The outputs' types, without a node; its cost is added."""
        types = tuple([value.type for value in operands])
        outputs = infer(op, types)
        weights = weights_of(op, types)
        if not op.is_identity:  # which is no node in the end
            amounts = self._measure(op, types)
            if weights and not self.record.claim(ctx.weights, (op, weights), ctx.shared):
                amounts = repeated(amounts)
            self.record.parts.append(amounts)
        made = tuple([self.value(kind) for kind in outputs])
        path = self.record.inner(ctx.weights) if weights else ""
        self.record.built.append(Applied(op, operands, made, path))
        return made

    def fail(
        self, code: str, message: str, span: Span | None, ctx: Context | None, label: str = "", *notes: str
    ) -> Reported:
        """Stop at the first mistake; warnings are left to those who build.

        Raises:
            Invalid: always but for warnings.
        """
        if code[0] != "W":
            raise Invalid
        return Reported()

    def count_step(self, step: Step, ctx: Context) -> None:
        """Count one step.

        Raises:
            Doubtful: if there are so many that those who build have to look for the limit.
        """
        self.steps += 1
        if self.steps > self.patience:
            raise Doubtful

    def count_rounds(self, step: Step, rounds: int, least: int, span: Span, ctx: Context) -> None:
        """Refuse a loop of very many rounds.

        Raises:
            Doubtful: as above.
        """
        if self.steps + rounds * max(least, 1) > self.patience:
            raise Doubtful

    def decide(self, decision: Decision, hole: Choice | ChooseBody, ctx: Context) -> Positions:
        """Which options are taken; noted for the calls in progress."""
        positions = super().decide(decision, hole, ctx)
        self.asks.append((decision, hole, ctx.tied, positions))
        return positions


class Calls:
    """Finds and keeps calls for one run."""

    def __init__(self, run: Tallying, known: Recollection):
        self._run = run
        self._known = known
        self._here: dict[tuple[Tree, str], tuple[Leaf, list[_Asked]]] = {}

    def visit(self, bound: BoundStep, arguments: list[Data], ctx: Context) -> Record:
        """A call that is about to be looked at."""
        tensors = Tensors()
        outline = tensors.outline
        attributes = tuple([(name, outline(given)) for name, (given, _) in bound.attributes.items()])
        read = tuple([outline(item) for item in arguments])
        tree = self._known.tree((bound.target, attributes, read, ctx.tied, bool(ctx.shared), self._run.training))
        return Record(self._run.record, ctx.weights, ctx.decisions, tree, tensors)

    def recall(self, visit: Record, span: Span, ctx: Context) -> list[Data] | None:
        """The values of a call that is known, its cost added; None if it has to be looked at."""
        assert visit.tree is not None
        run, place = self._run, (visit.tree, visit.prefix)
        here = self._here.get(place)
        if here is None:
            before = len(run.asks)
            leaf = visit.tree.find(self._answering(visit.prefix, ctx))
            if leaf is None:
                del run.asks[before:]  # they are asked for again, and answered alike
                visit.begin(len(run.asks), run.steps, len(run.shares))
                run.record = visit
                return None
            here = self._here[place] = leaf, run.asks[before:]
        else:
            run.asks.extend(here[1])
        leaf = here[0]
        if ctx.frame.depth + 1 + leaf.height > CALL_DEPTH:
            raise Doubtful
        run.saw_training = run.saw_training or leaf.saw_training
        run.record.include(leaf, ctx.weights, ctx.shared)
        made = list(map(run.value, leaf.made))
        path = run.record.inner(ctx.weights)
        run.record.built.append(Included(leaf.blueprint, visit.tensors.values, made, path))
        values = [*visit.tensors.values, *made]
        return [restored(result, values) for result in leaf.results]

    def _answering(self, prefix: str, ctx: Context) -> Callable[[Ask], Positions]:
        """Answers asks of calls with this prefix, as the step that asked first did."""
        run = self._run
        points, known, note = run.points, run.positions, run.asks.append

        def answer(ask: Ask) -> Positions:
            decision = ask.decision(prefix)
            id = decision.id
            if points.get(id) is decision and (ask.tied or run.places[id] == ask.hole.span):
                positions = known[id]
                note((decision, ask.hole, ask.tied, positions))
                return positions
            place = Context(ctx.frame, ctx.local, ctx.weights, ctx.decisions, ctx.rounds, ask.tied, ctx.shared)
            positions = run.decide(decision, ask.hole, place)
            points[id] = decision  # the object that other calls ask for
            return positions

        return answer

    def remember(self, visit: Record, results: list[Data], ctx: Context) -> None:
        """Keep a call that was looked at, and count it in the one around it."""
        run = self._run
        asked = run.asks[visit.asked :]
        leaf, included = visit.finished(results, len(run.shares) > visit.shares, self._known.simplify)
        assert visit.tree is not None
        assert visit.outer is not None
        self._known.add(visit.tree, _row(visit.tree, visit.prefix, asked), leaf)
        self._here[visit.tree, visit.prefix] = leaf, asked
        run.record = visit.outer
        run.record.include(leaf, ctx.weights, ctx.shared)
        run.record.built.append(included._replace(path=run.record.inner(ctx.weights)))

    def watch(self, step: Step, ctx: Context) -> None:
        """Nothing: rounds that are equal are cheap."""
        return


def _row(tree: Tree, prefix: str, asked: list[_Asked]) -> list[Taken]:
    """What a call asked for, each decision once for each place it stands at."""
    start, seen, row = len(prefix), set(), []
    for decision, hole, tied, positions in asked:
        key = (decision.id, hole, tied)
        if key not in seen:
            seen.add(key)
            row.append((tree.ask(decision, decision.id[start:], hole, tied), positions))
    return row
