"""Element-wise activations, and softmax."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import Any, ClassVar, Literal

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Dimension, Finite, PositiveInt
from archdsl.ops.rules.checks import dimension, require_dtype
from archdsl.ops.rules.initialization import VectorInit, inits
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))
INTEGERS = TensorType((3,), "int64")


class Elementwise(Operator):
    """One value in, one value of the same type out, each element by itself.

    `flops_per_element` counts additions, multiplications, divisions, comparisons, and exp, log, tanh, erf and the
    like as one each.
    """

    family: ClassVar[str] = "activation"
    flops_per_element: ClassVar[int] = 1
    function: ClassVar[str]

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_dtype(self, operands[0])
        return operands

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        n = operands[0].elements
        return OpCost(elementwise=self.flops_per_element * n, reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call(self.function, X, **self.changed()))

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({}, (TensorType((7,)),))]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [ErrorCase({}, (INTEGERS,), "E0309")]


class ReLU(Elementwise):
    """Rectifier: max(x, 0)."""

    name: ClassVar[str] = "relu"
    keeps_zero: ClassVar[bool] = True
    function: ClassVar[str] = "F.relu"
    reference: ClassVar[str] = "torch.nn.functional.relu"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Relu", inputs[0])]


class ReLU6(Elementwise):
    """Rectifier with a ceiling: min(max(x, 0), 6)."""

    name: ClassVar[str] = "relu6"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 2
    function: ClassVar[str] = "F.relu6"
    reference: ClassVar[str] = "torch.nn.functional.relu6"

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Clip", inputs[0], b.constant(0.0, "float32"), b.constant(6.0, "float32"))]


class LeakyReLU(Elementwise):
    """Leaky rectifier: x where x > 0, else negative_slope * x."""

    name: ClassVar[str] = "leaky_relu"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 2
    function: ClassVar[str] = "F.leaky_relu"
    reference: ClassVar[str] = "torch.nn.functional.leaky_relu"

    negative_slope: Finite = Field(0.01, description="Factor of negative elements.")

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("LeakyRelu", inputs[0], alpha=self.negative_slope)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({"negative_slope": 0.2}, (IMAGE,))]


class PReLU(Elementwise):
    """Leaky rectifier with learned slopes: x where x > 0, else a * x, one slope for all or one for each channel."""

    name: ClassVar[str] = "prelu"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 2
    reference: ClassVar[str] = "arXiv:1502.01852; torch.nn.PReLU"

    num_parameters: PositiveInt = Field(1, description="Slopes: 1, or the number of channels.")
    init: VectorInit = Field(0.25, description="How the slopes start: a number, or a scheme of torch.nn.init.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_dtype(self, x)
        if x.rank == 0:
            raise OperatorError("E0301", f"`prelu` reads [N, C, ...], not {x}")
        if self.num_parameters not in (1, x.shape[0]):
            message = f"num_parameters={self.num_parameters} fits neither one slope nor {x.shape[0]} channels"
            raise OperatorError("E0308", message, "num_parameters", f"1 or {x.shape[0]}")
        return operands

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        return (WeightSpec("weight", (self.num_parameters,)),)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        if isinstance(self.init, str):
            kwargs, started = self.changed("num_parameters"), inits({"weight": self.init})
        else:
            kwargs, started = self.changed(), ()
        return TorchLowering(call(Module(), X), leaf("nn.PReLU", started, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        trailing = (1,) * (operands[0].rank - 1)
        return [b.node("PRelu", inputs[0], b.weight("weight", lambda w: w.reshape(-1, *trailing)))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE,)),
            Sample({"num_parameters": 3, "init": 0.1}, (IMAGE,)),
            Sample({"num_parameters": 7, "init": "uniform"}, (TensorType((7,)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"num_parameters": 2}, (IMAGE,), "E0308", "num_parameters"),
            ErrorCase({}, (TensorType(()),), "E0301"),
            ErrorCase({}, (INTEGERS,), "E0309"),
        ]


class GELU(Elementwise):
    """Gaussian error linear unit: x * Phi(x), Phi the normal distribution, or its approximation by tanh."""

    name: ClassVar[str] = "gelu"
    keeps_zero: ClassVar[bool] = True
    flops_per_element: ClassVar[int] = 8
    function: ClassVar[str] = "F.gelu"
    reference: ClassVar[str] = "arXiv:1606.08415; torch.nn.functional.gelu"

    approximate: Literal["none", "tanh"] = Field("none", description="`tanh` for the faster approximation.")

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        # Opset 18 has no Gelu: x * (1 + f(x)) / 2 with f(x) = erf(x / sqrt(2)), or its approximation.
        x, one, half = inputs[0], b.constant(1.0, "float32"), b.constant(0.5, "float32")
        if self.approximate == "none":
            inner = b.node("Erf", b.node("Mul", x, b.constant(sqrt(0.5), "float32")))
        else:
            cube = b.node("Mul", b.node("Mul", x, x), x)
            bent = b.node("Add", x, b.node("Mul", cube, b.constant(0.044715, "float32")))
            inner = b.node("Tanh", b.node("Mul", bent, b.constant(sqrt(2 / pi), "float32")))
        return [b.node("Mul", b.node("Mul", x, half), b.node("Add", inner, one))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({"approximate": "tanh"}, (IMAGE,))]


class Softmax(Operator):
    """Normalised exponentials along one dimension: exp(x) / sum(exp(x))."""

    name: ClassVar[str] = "softmax"
    family: ClassVar[str] = "activation"
    reference: ClassVar[str] = "torch.nn.functional.softmax"
    function: ClassVar[str] = "F.softmax"
    onnx_type: ClassVar[str] = "Softmax"

    dim: Dimension = Field(-1, description="Dimension that sums to one, N not counted.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_dtype(self, operands[0])
        dimension(self.dim, operands[0].rank)
        return operands

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Per element: maximum, difference, exponential, sum, quotient."""
        n = operands[0].elements
        return OpCost(elementwise=5 * n, reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call(self.function, X, dim=self.dim if self.dim < 0 else self.dim + 1))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node(self.onnx_type, inputs[0], axis=self.dim if self.dim < 0 else self.dim + 1)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dim": dimension(self.dim, operands[0].rank)}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (TensorType((7,)),)), Sample({"dim": 0}, (IMAGE,)), Sample({"dim": -2}, (IMAGE,))]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"dim": 3}, (IMAGE,), "E0306", "dim"),
            ErrorCase({"dim": -2}, (TensorType((7,)),), "E0306", "dim"),
            ErrorCase({}, (TensorType(()),), "E0306", "dim"),
            ErrorCase({}, (INTEGERS,), "E0309"),
        ]


class LogSoftmax(Softmax):
    """Logarithm of the softmax along one dimension: x - log(sum(exp(x)))."""

    name: ClassVar[str] = "log_softmax"
    reference: ClassVar[str] = "torch.nn.functional.log_softmax"
    function: ClassVar[str] = "F.log_softmax"
    onnx_type: ClassVar[str] = "LogSoftmax"
