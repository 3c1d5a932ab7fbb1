"""The steps of a network as a predictor sees them: what is done, to what, and in how full a memory."""

from __future__ import annotations

from typing import NamedTuple

from archdsl.analysis.figures import figures_of
from archdsl.analysis.liveness import live
from archdsl.ir.graph import Graph
from archdsl.ops.base import Operator
from archdsl.types import TensorType


class Step(NamedTuple):
    """One step.

    Attributes:
        op, operands: what is done, to values of which types.
        live: elements of activations of one sample that live while it runs, its own result among them. What lies in
            the caches, and whether memory for the result was used a moment ago, hangs on it.
    """

    op: Operator
    operands: tuple[TensorType, ...]
    live: int


def steps_of(graph: Graph) -> list[Step]:
    """All steps in graph order."""
    figures = [figures_of(node.op, node.operand_types) for node in graph.nodes]
    return [Step(node.op, node.operand_types, n) for node, n in zip(graph.nodes, live(graph, figures), strict=True)]
