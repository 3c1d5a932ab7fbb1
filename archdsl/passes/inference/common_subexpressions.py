"""Common subexpressions: what is computed twice is computed once.

Algebra: f(x) and f(x) are one value.

Side conditions: the same operator on the same values in the same order (for a commutative operator of two operands in
either order), and for operators with weights the same path, which means the same weights. Operators have no effects
and no noise in inference; `noise` has taken out what has some in training.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.rewriting import Rewriting

Key = tuple[Operator, tuple[Value, ...], str]


@dataclass(frozen=True, slots=True)
class CommonSubexpressions:
    """Makes one node of nodes that compute the same."""

    name: str = "common_subexpressions"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which no two nodes compute the same."""
        rewriting = Rewriting(graph)
        known: dict[Key, Node] = {}
        gone: list[Node] = []
        for node in graph.nodes:
            operands = rewriting.all_now(node.operands)
            first = known.get(key := _key(node, operands))
            if first is None:
                known[key] = rewriting.keep(node, operands)
                continue
            gone.append(node)
            for old, new in zip(node.outputs, first.outputs, strict=True):
                rewriting.replace(old, new)
        if not gone:
            return unchanged(graph)
        note = f"computed {counted(len(gone), 'node')} once that stood twice"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(node.path for node in gone))


def _key(node: Node, operands: list[Value]) -> Key:
    if node.op.commutative and len(operands) == 2:
        operands = sorted(operands, key=id)
    return node.op, tuple(operands), node.path if node.weights else ""
