"""Identities: nodes that give what they read.

Algebra:
    identity(x) = x                                       (operators with `is_identity`)
    add(x) = mul(x) = mean(x) = concat(x) = x             (and of the other merges, a single operand)

Side conditions: the one output has the type of the first operand, and the node has no weights. Dropout is no
identity: it is one in inference only, and removing it is another pass's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.graph import Graph, Node, Value, rebuilt
from archdsl.ops.base import Operator, weights_of
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.types import TensorType

# Variadic operators that give a single operand back.
MERGES = frozenset({"add", "mul", "mean", "concat", "maximum", "minimum"})


@dataclass(frozen=True, slots=True)
class Identities:
    """Removes identities and merges of a single value."""

    name: str = "identities"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which readers of an identity read its operand."""
        found = [node for node in graph.nodes if _gives_its_operand(node)]
        if not found:
            return unchanged(graph)
        replaced: dict[Value, Value] = {node.outputs[0]: node.operands[0] for node in found}
        return PassResult(rebuilt(graph, replaced, found), True, (f"removed {counted(len(found), 'identity node')}",))


def _gives_its_operand(node: Node) -> bool:
    return gives_its_operand(node.op, node.operand_types, node.output_types)


def gives_its_operand(op: Operator, operands: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> bool:
    """Whether what comes out is what goes in, of these types."""
    alone = len(operands) == 1 and op.name in MERGES
    return (op.is_identity or alone) and outputs == operands[:1] and not weights_of(op, operands)
