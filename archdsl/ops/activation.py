"""Element-wise activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from archdsl.ops.base import OpCost, Operator, Sample
from archdsl.ops.lowering import TorchLowering, X, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))


class Elementwise(Operator):
    """One value in, one value of the same type out, each element by itself."""

    family: ClassVar[str] = "activation"
    flops_per_element: ClassVar[int] = 1

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return operands

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        n = operands[0].elements
        return OpCost(elementwise=self.flops_per_element * n, reads=n, writes=n)

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({}, (TensorType((7,)),))]


class ReLU(Elementwise):
    """Rectifier: max(x, 0)."""

    name: ClassVar[str] = "relu"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.nn.functional.relu"

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call("F.relu", X))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Relu", inputs[0])]


class GELU(Elementwise):
    """Gaussian error linear unit: x * Phi(x), or its approximation by tanh."""

    name: ClassVar[str] = "gelu"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 8
    reference: ClassVar[str] = "arXiv:1606.08415; torch.nn.functional.gelu"

    approximate: Literal["none", "tanh"] = Field("none", description="`tanh` for the faster approximation.")

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call("F.gelu", X, approximate=self.approximate))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        # Opset 18 has no Gelu; the exact form is written out.
        raise NotImplementedError
