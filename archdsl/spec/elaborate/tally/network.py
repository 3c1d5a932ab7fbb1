"""Adds up a whole network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.ir.graph import Graph, Scope, Value
from archdsl.spec.elaborate.decisions import Decider, Decision
from archdsl.spec.elaborate.network import attempt, room
from archdsl.spec.elaborate.scopes import Data
from archdsl.spec.elaborate.tally.blueprint import Blueprint
from archdsl.spec.elaborate.tally.recollection import Amounts, Recollection, Weights
from archdsl.spec.elaborate.tally.run import Measure, Tallying
from archdsl.spec.syntax.model import Attribute, Label, SpecFile


@dataclass(frozen=True, slots=True)
class Tallied:
    """What came of it: as of `Elaboration`, with what it costs and what it is built of in place of the graph.

    Attributes:
        distinct: whether it is known that no two operators share weights.
    """

    decisions: dict[str, Label]
    points: dict[str, Decision]
    params: dict[str, Data]
    saw_training: bool
    amounts: Amounts
    weights: Weights
    inputs: dict[str, Value]
    outputs: tuple[str, ...]
    blueprint: Blueprint
    distinct: bool = False

    def graph(self) -> Graph:
        """A graph that has the network's canonical form: without scopes and spans, partly simplified."""
        return self.blueprint.graph(self.inputs, self.outputs)

    def covers(self, other: Tallied) -> bool:
        """Whether every path of weights of the other form is one of this form's."""
        return _covers(self.weights, other.weights)


def tally_network(
    spec: SpecFile,
    decider: Decider,
    known: Recollection,
    measure: Measure,
    params: Mapping[str, Attribute],
    shapes: Mapping[str, tuple[int, ...]],
    training: bool,
    reached: dict[str, Label],
) -> Tallied:
    """Add up the network of a file.

    Args:
        spec, decider, params, shapes, training: as of `elaborate`.
        known: calls of earlier runs of the same file.
        measure: what an operator costs on such operands.
        reached: takes what is decided, also if this fails.

    Raises:
        Invalid: if building it would find a mistake.
        Doubtful: if only building it can tell.
    """
    run = Tallying(Graph(spec.name, root=Scope(spec.name)), training, decider, known, measure)
    run.decisions = reached
    with room():
        values = attempt(run, spec, params, shapes)
    inputs, outputs = run.graph.inputs, run.graph.outputs
    plan = Blueprint(list(inputs.values()), run.record.built, list(outputs.values()), known.simplify)
    amounts, weights = run.record.total(), run.record.weights
    return Tallied(run.decisions, run.points, values, run.saw_training, amounts, weights, inputs, tuple(outputs), plan)


def _covers(one: Weights, other: Weights) -> bool:
    for path, (weights, _) in other.items():
        known = one.get(path)
        if known is None:
            return False
        if known[0] is weights or not isinstance(weights, dict):
            continue
        if not isinstance(known[0], dict) or not _covers(known[0], weights):
            return False
    return True
