"""Normalisation over the last dimensions, and across neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.families.normalization import EPS, IMAGE, SERIES, Normalization, onnx_standardized
from archdsl.ops.lowering import Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Finite, NonNegativeFloat, PositiveInt
from archdsl.ops.rules.checks import require_dtype
from archdsl.ops.rules.initialization import BIAS_INIT, INIT, VectorInit
from archdsl.ops.rules.windows import scalar
from archdsl.types import TensorType


def _shape(value: Any) -> Any:
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


class LayerNorm(Normalization):
    """Layer normalisation: statistics of the last dimensions, at each position of the others.

    y = (x - mean) / sqrt(variance + eps) * weight + bias, weight and bias of the normalised shape
    """

    name: ClassVar[str] = "layer_norm"
    reference: ClassVar[str] = "arXiv:1607.06450; torch.nn.LayerNorm"

    normalized_shape: Annotated[tuple[PositiveInt, ...], BeforeValidator(_shape)] | None = Field(
        None, min_length=1, description="Sizes of the last dimensions, which it goes over; by default the last one."
    )
    eps: NonNegativeFloat = Field(1e-5, description=EPS)
    elementwise_affine: bool = Field(True, description="Whether a learned scale and shift per element follow.")
    bias: bool = Field(True, description="Whether the affine map has a shift.")
    init: VectorInit | None = Field(None, description=INIT)
    bias_init: VectorInit | None = Field(None, description=BIAS_INIT)

    def has_scale(self) -> bool:
        return self.elementwise_affine

    def has_shift(self) -> bool:
        return self.elementwise_affine and self.bias

    def shape(self, x: TensorType) -> tuple[int, ...]:
        """The normalised shape."""
        return self.normalized_shape or x.shape[-1:]

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_dtype(self, x)
        shape = self.shape(x)
        if not shape:
            raise OperatorError("E0301", f"`layer_norm` reads [N, ..., features], not {x}")
        if x.shape[-len(shape) :] != shape:
            message = f"normalized_shape={list(shape)} are not the last dimensions of {x}"
            raise OperatorError("E0308", message, "normalized_shape")
        return operands

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        return self.affine_weights(self.shape(operands[0]))

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Per element: six for mean, variance and quotient, and the affine map."""
        n = operands[0].elements
        return OpCost(elementwise=(6 + self.has_scale() + self.has_shift()) * n, reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        shape = self.shape(operands[0])
        if not self.elementwise_affine:
            return TorchLowering(call("F.layer_norm", X, normalized_shape=shape, **self.changed("eps")))
        size = scalar(shape) if len(shape) == 1 else shape
        started = self.affine_inits(self.init, self.bias_init)
        module = leaf("nn.LayerNorm", started, normalized_shape=size, **self.changed("eps", "bias"))
        return TorchLowering(call(Module(), X), module)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        shape = self.shape(operands[0])
        if not self.elementwise_affine:
            return [onnx_standardized(b, inputs[0], list(range(-len(shape), 0)), self.eps)]
        shift = [b.weight("bias")] if self.has_shift() else []
        return [b.node("LayerNormalization", inputs[0], b.weight("weight"), *shift, axis=-len(shape), epsilon=self.eps)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return super().canonical_attributes(operands) | {"normalized_shape": self.shape(operands[0])}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (SERIES,)),
            Sample({"normalized_shape": 7, "eps": 1e-6, "init": 0.5, "bias_init": "ones"}, (SERIES,)),
            Sample({"normalized_shape": (4, 5), "bias": False}, (IMAGE,)),
            Sample({"normalized_shape": (4, 5), "elementwise_affine": False}, (IMAGE,)),
            Sample({}, (TensorType((9,)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"normalized_shape": 6}, (SERIES,), "E0308", "normalized_shape"),
            ErrorCase({"normalized_shape": (1, 6, 7)}, (SERIES,), "E0308", "normalized_shape"),
            ErrorCase({}, (TensorType(()),), "E0301"),
            ErrorCase({}, (TensorType((7,), "int64"),), "E0309"),
        ]


class LocalResponseNorm(Operator):
    """Local response normalisation across neighbouring channels: y = x / (k + alpha * mean of x^2 over size)^beta.

    Of an even size, the longer half lies before the channel.
    """

    name: ClassVar[str] = "local_response_norm"
    family: ClassVar[str] = "normalization"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "Krizhevsky et al., NeurIPS 2012, section 3.3; torch.nn.LocalResponseNorm"

    size: PositiveInt = Field(description="Channels in the neighbourhood.")
    alpha: Finite = Field(1e-4, description="Factor of the mean square.")
    beta: Finite = Field(0.75, description="Exponent.")
    k: Finite = Field(1.0, description="Added to the mean square.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        if x.rank < 2:
            raise OperatorError("E0301", f"`local_response_norm` reads [N, C, ...], not {x}")
        require_dtype(self, x)
        return operands

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Per element: the square, the sum over the neighbourhood, and four for scale, shift, power and quotient."""
        n = operands[0].elements
        return OpCost(elementwise=(self.size + 5) * n, reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        kwargs = self.changed("alpha", "beta", "k")
        return TorchLowering(call("support.local_response_norm", X, size=self.size, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (x,) = inputs
        if self.size % 2 and operands[0].rank == 3:
            return [b.node("LRN", x, size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k)]
        # ONNX puts the longer half of an even size behind the channel, and its runtime knows images only.
        square = b.node("Reshape", b.node("Mul", x, x), b.constant([0, 1, operands[0].shape[0], -1]))
        before, after = self.size // 2, (self.size - 1) // 2
        window = [self.size, 1]
        pads = [before, 0, after, 0]
        mean = b.node("AveragePool", square, kernel_shape=window, pads=pads, count_include_pad=1)
        scaled = b.node("Mul", b.node("Reshape", mean, b.node("Shape", x)), b.constant(self.alpha, "float32"))
        base = b.node("Add", scaled, b.constant(self.k, "float32"))
        return [b.node("Div", x, b.node("Pow", base, b.constant(self.beta, "float32")))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"size": 3}, (IMAGE,)),
            Sample({"size": 4, "alpha": 0.5, "beta": 0.6, "k": 2}, (IMAGE,)),
            Sample({"size": 5, "alpha": 1}, (SERIES,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"size": 3}, (TensorType((7,)),), "E0301"),
            ErrorCase({"size": 3}, (TensorType((3, 7), "int64"),), "E0309"),
        ]
