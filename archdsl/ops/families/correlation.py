"""One value slid over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Operand, TorchLowering, X, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.checks import require_form
from archdsl.types import TensorType

Z = TensorType((4, 2, 3))
IMAGE = TensorType((4, 6, 7))


class CrossCorrelation(Operator):
    """The first value slid over the second, for each sample by itself: z [C, h, w] and x [C, H, W].

    y[i, j] = sum over c, a, b of z[c, a, b] x[c, i + a, j + b], shape [1, H - h + 1, W - w + 1]; with `depthwise` the
    channels are not summed, shape [C, H - h + 1, W - w + 1].
    """

    name: ClassVar[str] = "cross_correlation"
    family: ClassVar[str] = "attention"
    operands: ClassVar[tuple[str, ...]] = ("z", "x")
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "arXiv:1606.09549, section 2.1; depthwise: arXiv:1812.11703, section 3.4"

    depthwise: bool = Field(False, description="Whether each channel gives a map of its own.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        z, x = operands
        require_form(self, z, "[N, C, h, w]", operand="z")
        require_form(self, x, "[N, C, H, W]", operand="x")
        if z.shape[0] != x.shape[0]:
            raise OperatorError("E0305", f"z {z} and x {x} of `{self.name}` differ in channels")
        height, width = x.shape[1] - z.shape[1] + 1, x.shape[2] - z.shape[2] + 1
        if height < 1 or width < 1:
            raise OperatorError("E0305", f"z {z} is larger than x {x}", hint="the first value slides over the second")
        return (TensorType((x.shape[0] if self.depthwise else 1, height, width)),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One multiply-add per element of z and position."""
        z, x = operands
        positions = outputs[0].shape[1] * outputs[0].shape[2]
        return OpCost(z.elements * positions, 0, z.elements + x.elements, outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        function = "support.depthwise_cross_correlation" if self.depthwise else "support.cross_correlation"
        return TorchLowering(call(function, X, Operand(1)))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        # Conv takes no N as its number of groups: the windows are laid out side by side and multiplied.
        z, x = operands
        channels, h, w = z.shape
        (made,) = self.infer(z, x)
        _, rows, columns = made.shape
        starts = [i * x.shape[2] + j for i in range(rows) for j in range(columns)]
        taken = [[a * x.shape[2] + c + start for start in starts] for a in range(h) for c in range(w)]
        flat = b.node("Reshape", inputs[1], b.constant([0, channels, -1]))
        windows = b.node("Gather", flat, b.constant(taken), axis=2)
        if self.depthwise:
            template = b.node("Reshape", inputs[0], b.constant([0, channels, 1, h * w]))
        else:
            windows = b.node("Reshape", windows, b.constant([0, channels * h * w, rows * columns]))
            template = b.node("Reshape", inputs[0], b.constant([0, 1, channels * h * w]))
        return [b.node("Reshape", b.node("MatMul", template, windows), b.constant([0, *made.shape]))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (Z, IMAGE)),
            Sample({"depthwise": True}, (Z, IMAGE)),
            Sample({}, (IMAGE, IMAGE)),
            Sample({"depthwise": True}, (TensorType((1, 1, 1)), TensorType((1, 2, 3)))),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (IMAGE, Z), "E0305"),
            ErrorCase({}, (TensorType((3, 2, 3)), IMAGE), "E0305"),
            ErrorCase({}, (TensorType((4, 2)), IMAGE), "E0301"),
            ErrorCase({}, (Z, TensorType((4, 6, 7), "int64")), "E0309"),
        ]
