"""Padding merge: an explicit pad becomes the padding of the convolution or pooling behind it.

Algebra: C_p(pad_q(x)) = C_(p + q)(x), and the same for average pooling that counts its padding.

Side conditions: zeros are added, none taken away, along height and width only; the reader itself pads with zeros (or
not at all). Average pooling counts padding and has no ceil_mode, and the sum stays within half of its window, as
pooling wants it. Everybody who reads the padded value takes the padding, else the pad stays. A convolution takes
different padding on each side only if `uneven`: not every runtime does, and then it is a pad again.

Weights stay as they are; nodes that share them are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.graph import Graph, Node
from archdsl.ops.base import Operator
from archdsl.ops.families.average_pooling import AveragePooling
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import convolution, is_convolution, window_of
from archdsl.passes.rewriting import Reading, Rewriting, changed, fits

Sides = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PaddingMerge:
    """Makes pads part of the windows behind them; `uneven` where sides may differ."""

    uneven: bool = True
    name: str = "padding_merge"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which windows pad for themselves."""
        merged = self._merged(graph)
        if not merged:
            return unchanged(graph)
        padded = {value: node for node in merged for value in node.outputs}
        rewriting = Rewriting(graph)
        for node in graph.nodes:
            if node in merged:
                continue
            pad = padded.get(node.operands[0]) if node.operands else None
            if pad is None:
                rewriting.keep(node)
                continue
            operands = [rewriting.now(pad.operands[0]), *rewriting.all_now(node.operands[1:])]
            rewriting.put(node, merged[pad][node], operands)
        note = f"made {counted(len(merged), 'pad')} part of the windows behind"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(node.path for node in merged))

    def _merged(self, graph: Graph) -> dict[Node, dict[Node, Operator]]:
        """Pads that go, with what becomes of each reader."""
        reading = Reading(graph)
        found: dict[Node, dict[Node, Operator]] = {}
        for node in graph.nodes:
            sides = _zeros(node)
            if sides is None or node.outputs[0] in reading.outputs:
                continue
            readers = reading.readers.get(node.outputs[0], [])
            taken = {reader: self._taking(reader, node, sides, reading) for reader in readers}
            if readers and all(taken.values()):
                found[node] = {reader: op for reader, op in taken.items() if op is not None}
        return found

    def _taking(self, reader: Node, pad: Node, sides: Sides, reading: Reading) -> Operator | None:
        """The reader's operator with the padding added; None if it can't take it."""
        if reader.operands[0] is not pad.outputs[0] or reader.operands.count(pad.outputs[0]) != 1:
            return None
        if not _pads_with_zeros(reader) or reading.is_shared(reader):
            return None
        window = window_of(reader)
        if len(window.padding) != len(sides):
            return None
        total = [(b + c, a + d) for (b, a), (c, d) in zip(window.padding, sides, strict=True)]
        if not self.uneven and any(before != after for before, after in total):
            return None
        flat = tuple(side for pair in reversed(total) for side in pair)
        op = changed(reader.op, padding=flat)
        return op if fits(op, [pad.operands[0].type, *reader.operand_types[1:]]) else None


def _zeros(node: Node) -> Sides | None:
    """What a pad adds before and after each spatial axis; None if it is another kind of pad."""
    if node.op.name != "pad" or node.operands[0].type.dtype != "float32":
        return None
    found = node.op.canonical_attributes(node.operand_types)
    given = found["padding"]
    spatial = node.operands[0].type.rank - 1
    if found["mode"] != "zeros" or found["value"] or min(given) < 0 or len(given) > 2 * spatial:
        return None
    pairs = [(given[i], given[i + 1]) for i in range(0, len(given), 2)]
    return tuple([(0, 0)] * (spatial - len(pairs)) + pairs[::-1])


def _pads_with_zeros(node: Node) -> bool:
    if getattr(node.op, "padding", None) == "same":  # depends on the size of what it reads
        return False
    if is_convolution(node):
        return convolution(node).padding_mode == "zeros"
    if not isinstance(node.op, AveragePooling) or node.op.rounds_up():
        return False
    return node.op.counts_padding() or node.op.divided_by() is not None
