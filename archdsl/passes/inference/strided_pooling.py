"""Strided pooling: pooling with a window of one element only leaves elements out, and a 1x1 convolution can do that.

Algebra, for P that takes every s-th element and a 1x1 convolution C with stride t:
    C_t(P_s(x)) = C_(s t)(x)

Side conditions: the window is one element (average or maximum is the element), without padding; everybody who reads
the result is an unpadded 1x1 convolution. Weights stay as they are; nodes that share them change alike or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.families.average_pooling import AveragePooling
from archdsl.ops.families.pooling import Pooling
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import convolution, is_convolution, window_of
from archdsl.passes.rewriting import Reading, Rewriting, changed


@dataclass(frozen=True, slots=True)
class StridedPooling:
    """Lets convolutions take the stride of poolings of one element."""

    name: str = "strided_pooling"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which 1x1 convolutions leave out elements themselves."""
        found = _pools(graph)
        if not found:
            return unchanged(graph)
        rewriting = Rewriting(graph)
        skipped: dict[Value, tuple[int, ...]] = {}
        for node in graph.nodes:
            if node in found:
                rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
                skipped[node.outputs[0]] = window_of(node).stride
            elif node.operands and node.operands[0] in skipped:
                inner = skipped[node.operands[0]]
                stride = tuple(s * t for s, t in zip(inner, window_of(node).stride, strict=True))
                one = stride if len(stride) > 1 else stride[0]
                rewriting.put(node, changed(node.op, stride=one, padding=0), rewriting.all_now(node.operands))
            else:
                rewriting.keep(node)
        note = f"let convolutions take the stride of {counted(len(found), 'pooling')} of one element"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(node.path for node in found))


def _pools(graph: Graph) -> dict[Node, None]:
    reading = Reading(graph)
    found: dict[Node, None] = {}
    for node in graph.nodes:
        if not _takes_elements(node) or node.outputs[0] in reading.outputs:
            continue
        readers = reading.readers.get(node.outputs[0], [])
        if readers and all(_takes_stride(reader, node, reading) for reader in readers):
            found[node] = None
    return found


def _takes_elements(node: Node) -> bool:
    """A pooling that gives every s-th element as it is."""
    if not isinstance(node.op, Pooling) or len(node.outputs) != 1:
        return False
    if isinstance(node.op, AveragePooling) and node.op.divided_by() not in (None, 1):
        return False
    window = window_of(node)
    return prod(window.kernel) == 1 and not window.padded and not any(window.overhang(node.op.rounds_up()))


def _takes_stride(reader: Node, pool: Node, reading: Reading) -> bool:
    if not is_convolution(reader) or reader.operands[0] is not pool.outputs[0] or reading.is_shared(reader):
        return False
    window = window_of(reader)
    plain = reader.operands.count(pool.outputs[0]) == 1 and convolution(reader).padding_mode == "zeros"
    return plain and prod(window.kernel) == 1 and not window.padded
