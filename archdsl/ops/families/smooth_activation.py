"""Element-wise activations built from exponentials, and their piecewise linear stand-ins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archdsl.ops.base import Sample
from archdsl.ops.families.activation import IMAGE, Elementwise
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Finite, PositiveFloat
from archdsl.types import TensorType


class ELU(Elementwise):
    """Exponential linear unit: x where x > 0, else alpha * (exp(x) - 1)."""

    name: ClassVar[str] = "elu"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 4
    function: ClassVar[str] = "F.elu"
    reference: ClassVar[str] = "arXiv:1511.07289; torch.nn.functional.elu"

    alpha: Finite = Field(1.0, description="Minus the limit for large negative elements.")

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Elu", inputs[0], alpha=self.alpha)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({"alpha": 0.7}, (IMAGE,))]


class SELU(Elementwise):
    """Scaled exponential linear unit, whose constants keep mean and variance."""

    name: ClassVar[str] = "selu"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 5
    function: ClassVar[str] = "F.selu"
    reference: ClassVar[str] = "arXiv:1706.02515; torch.nn.functional.selu"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Selu", inputs[0])]


class Sigmoid(Elementwise):
    """Logistic function: 1 / (1 + exp(-x))."""

    name: ClassVar[str] = "sigmoid"
    flops_per_element: ClassVar[int] = 4
    function: ClassVar[str] = "torch.sigmoid"
    reference: ClassVar[str] = "torch.sigmoid"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Sigmoid", inputs[0])]


class SiLU(Elementwise):
    """Sigmoid linear unit, also called swish: x * sigmoid(x)."""

    name: ClassVar[str] = "silu"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 5
    function: ClassVar[str] = "F.silu"
    reference: ClassVar[str] = "arXiv:1710.05941; torch.nn.functional.silu"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Mul", inputs[0], b.node("Sigmoid", inputs[0]))]


class HardSigmoid(Elementwise):
    """Piecewise linear stand-in for the logistic function: min(max(x / 6 + 1 / 2, 0), 1)."""

    name: ClassVar[str] = "hardsigmoid"
    flops_per_element: ClassVar[int] = 4
    function: ClassVar[str] = "F.hardsigmoid"
    reference: ClassVar[str] = "arXiv:1905.02244; torch.nn.functional.hardsigmoid"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("HardSigmoid", inputs[0], alpha=1 / 6, beta=0.5)]


class HardSwish(Elementwise):
    """Piecewise stand-in for silu: x * min(max(x / 6 + 1 / 2, 0), 1)."""

    name: ClassVar[str] = "hardswish"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 5
    function: ClassVar[str] = "F.hardswish"
    reference: ClassVar[str] = "arXiv:1905.02244; torch.nn.functional.hardswish"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("HardSwish", inputs[0])]


class Tanh(Elementwise):
    """Hyperbolic tangent."""

    name: ClassVar[str] = "tanh"
    keeps_zero: ClassVar[bool] = True
    function: ClassVar[str] = "torch.tanh"
    reference: ClassVar[str] = "torch.tanh"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Tanh", inputs[0])]


class Exp(Elementwise):
    """Exponential function."""

    name: ClassVar[str] = "exp"
    function: ClassVar[str] = "torch.exp"
    reference: ClassVar[str] = "torch.exp"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Exp", inputs[0])]


class Softplus(Elementwise):
    """Smooth rectifier: log(1 + exp(beta * x)) / beta, and x itself where beta * x > threshold."""

    name: ClassVar[str] = "softplus"
    flops_per_element: ClassVar[int] = 6
    function: ClassVar[str] = "F.softplus"
    reference: ClassVar[str] = "torch.nn.functional.softplus"

    beta: PositiveFloat = Field(1.0, description="How sharp the bend is.")
    threshold: Finite = Field(20.0, description="Where beta * x is larger, x is given as it is.")

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        x, beta = inputs[0], b.constant(self.beta, "float32")
        scaled = b.node("Mul", x, beta)
        linear = b.node("Greater", scaled, b.constant(self.threshold, "float32"))
        return [b.node("Where", linear, x, b.node("Div", b.node("Softplus", scaled), beta))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({"beta": 2, "threshold": 1}, (IMAGE,))]


class Mish(Elementwise):
    """Self-regularised activation: x * tanh(softplus(x))."""

    name: ClassVar[str] = "mish"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 5
    function: ClassVar[str] = "F.mish"
    reference: ClassVar[str] = "arXiv:1908.08681; torch.nn.functional.mish"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Mul", inputs[0], b.node("Tanh", b.node("Softplus", inputs[0])))]
