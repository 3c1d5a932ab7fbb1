"""Shifted windows: a 1x1 convolution of a map that was cropped in front reads a larger window of the whole map.

Algebra, for pad_(-a) that takes away a rows and columns in front, and a 1x1 convolution W with stride s:
    W_s(pad_(-a)(x)) = V_s(x)     V has (a + 1) x (a + 1) elements, W stands in the last one, zeros before it

as in the second path of NASNet's factorized reduction, which crops, pads, leaves out every second element and
convolves: without the copy of the map.

When it pays: the zeros cost no more than `price` multiply-adds for each element that the pad would have written.

Side conditions: zeros are added behind, if any; everybody who reads the cropped map is an unpadded 1x1 convolution
without residual, whose weights are its own; the result has the same size.

Way back: the elements before the last one must still be zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from archdsl.ir.graph import Graph, Node
from archdsl.ir.naming import state_key
from archdsl.ops.base import Operator
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import convolution, window_of
from archdsl.passes.rewriting import Reading, Rewriting, changed, fits
from archdsl.passes.weights import NoInverseError, WeightStep

if TYPE_CHECKING:
    from archdsl.passes.weights import State


@dataclass(frozen=True, slots=True)
class ShiftedWindows:
    """Lets 1x1 convolutions read past what was cropped."""

    price: int = 32
    name: str = "shifted_windows"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which such convolutions read the whole map."""
        found = self._found(graph)
        if not found:
            return unchanged(graph)
        cropped = {node.outputs[0]: node for node in found}
        rewriting = Rewriting(graph)
        steps: list[WeightStep] = []
        for node in graph.nodes:
            if node in found:
                continue
            pad = cropped.get(node.operands[0]) if node.operands else None
            if pad is None:
                rewriting.keep(node)
                continue
            op = found[pad][node]
            rewriting.put(node, op, [rewriting.now(pad.operands[0])])
            steps.append(LastElement(node.path, _kernel(op)))
        note = f"let convolutions read past {counted(len(found), 'crop')}"
        return PassResult(rewriting.finish(), True, (note,), tuple(steps), tuple(node.path for node in found))

    def _found(self, graph: Graph) -> dict[Node, dict[Node, Operator]]:
        reading = Reading(graph)
        found: dict[Node, dict[Node, Operator]] = {}
        for node in graph.nodes:
            crop = _crop(node)
            if crop is None or node.outputs[0] in reading.outputs:
                continue
            readers = reading.readers.get(node.outputs[0], [])
            taken = {reader: _shifted(reader, node, crop, reading) for reader in readers}
            ops = {reader: op for reader, op in taken.items() if op is not None}
            if readers and len(ops) == len(readers) and self._pays(node, ops):
                found[node] = ops
        return found

    def _pays(self, pad: Node, ops: dict[Node, Operator]) -> bool:
        more = sum(
            op.cost((pad.operands[0].type,), node.output_types).mult_adds
            - node.op.cost(node.operand_types, node.output_types).mult_adds
            for node, op in ops.items()
        )
        return more <= self.price * pad.outputs[0].type.elements


def _kernel(op: Operator) -> tuple[int, int]:
    """Height and width of a convolution's window."""
    height, width = op.kernel_size  # type: ignore[attr-defined]
    return height, width


def _crop(node: Node) -> tuple[int, int] | None:
    """Rows and columns that a pad takes away in front of a map [C, H, W]; None if it does something else, too."""
    if node.op.name != "pad" or node.operands[0].type.rank != 3 or node.operands[0].type.dtype != "float32":
        return None
    found = node.op.canonical_attributes(node.operand_types)
    sides = (*found["padding"], 0, 0, 0, 0)[: max(4, len(found["padding"]))]
    left, _, top, _ = sides[:4]
    if len(sides) > 4 or found["mode"] != "zeros" or found["value"] or max(left, top) > 0 or left == top == 0:
        return None
    return -top, -left


def _shifted(reader: Node, pad: Node, crop: tuple[int, int], reading: Reading) -> Operator | None:
    """The convolution with the larger window; None if it can't be."""
    if reader.op.name not in ("conv2d", "fused_conv2d") or len(reader.operands) != 1 or reading.is_shared(reader):
        return None
    window, op = window_of(reader), convolution(reader)
    if prod(window.kernel) != 1 or window.padded or op.padding_mode != "zeros":
        return None
    sizes, outputs = pad.operands[0].type.shape[1:], reader.output_types[0].shape[1:]
    ends = [(n - 1) * s + c for n, s, c in zip(outputs, window.stride, crop, strict=True)]
    bottom, right = (max(0, end - size + 1) for end, size in zip(ends, sizes, strict=True))
    kernel = (crop[0] + 1, crop[1] + 1)
    wider = changed(op, kernel_size=kernel, padding=(0, right, 0, bottom), dilation=(1, 1))
    same = fits(wider, [pad.operands[0].type]) and wider.infer(pad.operands[0].type) == reader.output_types
    return wider if same else None


@dataclass(frozen=True, slots=True)
class LastElement:
    """The weight [out, in, 1, 1] stands in the last element of a window of zeros."""

    path: str
    kernel: tuple[int, int]

    def forward(self, state: State) -> None:
        import numpy as np

        key = state_key(self.path, "weight")
        weight = state[key]
        full = np.zeros((*weight.shape[:2], *self.kernel), weight.dtype)
        full[:, :, -1:, -1:] = weight
        state[key] = full

    def backward(self, state: State) -> None:
        import numpy as np

        key = state_key(self.path, "weight")
        full = state[key]
        state[key] = full[:, :, -1:, -1:].copy()
        if np.count_nonzero(full) != np.count_nonzero(state[key]):
            raise NoInverseError(f"shifted_windows: `{self.path}` has no elements before the last one of its window")
