"""Regularisation by noise: active in training, the identity (or the plain mean) in inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Items, Operand, TorchLowering, Training, X, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Probability
from archdsl.ops.rules.checks import require_dtype, require_form
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))
INTEGERS = TensorType((3, 4, 5), "int64")


class Noise(Operator):
    """One value in, one of the same type out; nothing happens to it in inference."""

    family: ClassVar[str] = "regularization"
    keeps_zero: ClassVar[bool] = True
    function: ClassVar[str]

    p: float

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_dtype(self, operands[0])
        return operands

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Nothing: in inference the value is handed on."""
        return OpCost()

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call(self.function, X, p=self.p, training=Training()))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Identity", inputs[0])]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({"p": 0.3}, (IMAGE,)), Sample({"p": 0}, (IMAGE,)), Sample({"p": 1}, (IMAGE,))]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [ErrorCase({"p": 0.3}, (INTEGERS,), "E0309")]


class Dropout(Noise):
    """Dropout: in training each element becomes 0 with probability p, the others are divided by 1 - p."""

    name: ClassVar[str] = "dropout"
    reference: ClassVar[str] = "arXiv:1207.0580; torch.nn.functional.dropout"
    function: ClassVar[str] = "F.dropout"

    p: Probability = Field(0.5, description="Probability that an element is dropped.")


class Dropout2d(Noise):
    """Dropout of whole channels: in training each becomes 0 with probability p, the others are divided by 1 - p."""

    name: ClassVar[str] = "dropout2d"
    reference: ClassVar[str] = "arXiv:1411.4280; torch.nn.functional.dropout2d"
    function: ClassVar[str] = "F.dropout2d"

    p: Probability = Field(0.5, description="Probability that a channel is dropped.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_form(self, operands[0], "[N, C, H, W]")
        return operands

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [*super().error_cases(), ErrorCase({}, (TensorType((3, 4)),), "E0301")]


class DropPath(Noise):
    """Stochastic depth: in training the value of each sample becomes 0 with probability p, the others are scaled.

    It stands at the end of a residual branch, before the sum.
    """

    name: ClassVar[str] = "drop_path"
    reference: ClassVar[str] = "arXiv:1603.09382"
    function: ClassVar[str] = "support.drop_path"

    p: Probability = Field(description="Probability that a sample's value is dropped.")
    scale_by_keep: bool = Field(True, description="Whether the values kept are divided by 1 - p.")

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        kwargs = self.changed("scale_by_keep")
        return TorchLowering(call(self.function, X, p=self.p, training=Training(), **kwargs))

    @classmethod
    def samples(cls) -> list[Sample]:
        return [*super().samples(), Sample({"p": 0.3, "scale_by_keep": False}, (TensorType((7,)),))]


class DropPathMean(Operator):
    """Mean of the inputs; in training each is dropped for each sample with probability p, but never all of them.

    The local drop-path of FractalNet's join: the mean goes over the inputs that are left.
    """

    name: ClassVar[str] = "drop_path_mean"
    family: ClassVar[str] = "regularization"
    operands: ClassVar[tuple[str, ...]] = ("*xs",)
    reference: ClassVar[str] = "arXiv:1605.07648, section 2.1"

    p: Probability = Field(description="Probability that an input is dropped.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_dtype(self, operands[0])
        other = next((x for x in operands if x != operands[0]), None)
        if other is not None:
            raise OperatorError("E0305", f"`drop_path_mean` reads values of one shape, not {operands[0]} and {other}")
        return operands[:1]

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One addition for each input but the first, and the quotient."""
        n = outputs[0].elements
        return OpCost(elementwise=len(operands) * n, reads=len(operands) * n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        members = Items(tuple(Operand(i) for i in range(len(operands))))
        return TorchLowering(call("support.drop_path_mean", members, p=self.p, training=Training()))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Mean", *inputs)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"p": 0.15}, (IMAGE, IMAGE, IMAGE)),
            Sample({"p": 0.5}, (IMAGE,)),
            Sample({"p": 1}, (TensorType((7,)), TensorType((7,)))),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"p": 0.5}, (IMAGE, TensorType((3, 4, 4))), "E0305"),
            ErrorCase({"p": 0.5}, (INTEGERS,), "E0309"),
            ErrorCase({"p": 0.5}, (), "E0210"),
        ]
