"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PositiveInt
from archdsl.ops.rules.checks import require_dtype
from archdsl.ops.rules.initialization import BIAS_INIT, INIT, LinearInit, VectorInit, inits
from archdsl.types import TensorType


class Linear(Operator):
    """Affine map of the last dimension: y = W x + b; any dimensions in front are kept."""

    name: ClassVar[str] = "linear"
    family: ClassVar[str] = "linear"
    reference: ClassVar[str] = "torch.nn.Linear"

    out_features: PositiveInt = Field(description="Size of the output's last dimension.")
    bias: bool = Field(True, description="Whether a learned number per feature is added.")
    init: LinearInit | None = Field(None, description=INIT)
    bias_init: VectorInit | None = Field(None, description=BIAS_INIT)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        if x.rank == 0:
            raise OperatorError("E0301", f"`linear` reads [N, ..., features], not {x}")
        require_dtype(self, x)
        return (TensorType((*x.shape[:-1], self.out_features)),)

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        weight = WeightSpec("weight", (self.out_features, operands[0].shape[-1]))
        return (weight, WeightSpec("bias", (self.out_features,))) if self.bias else (weight,)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One multiply-add for each weight and position, one addition per output for the bias."""
        read, made = operands[0].elements, outputs[0].elements
        return OpCost(read * self.out_features, made if self.bias else 0, read, made)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        kwargs = {"in_features": operands[0].shape[-1], "out_features": self.out_features, **self.changed("bias")}
        started = inits({"weight": self.init, "bias": self.bias_init if self.bias else None})
        return TorchLowering(call(Module(), X), leaf("nn.Linear", started, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        if operands[0].rank == 1:
            bias = [b.weight("bias")] if self.bias else []
            return [b.node("Gemm", inputs[0], b.weight("weight"), *bias, transB=1)]
        made = b.node("MatMul", inputs[0], b.weight("weight", lambda w: w.T))
        return [b.node("Add", made, b.weight("bias")) if self.bias else made]

    @classmethod
    def samples(cls) -> list[Sample]:
        x = (TensorType((6,)),)
        return [
            Sample({"out_features": 4, "init": "xavier_normal", "bias_init": "ones"}, x),
            Sample({"out_features": 4, "bias": False, "init": "eye"}, x),
            Sample({"out_features": 3}, (TensorType((5, 6)),)),
            Sample({"out_features": 3, "bias": False}, (TensorType((2, 5, 6)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"out_features": 3}, (TensorType(()),), "E0301"),
            ErrorCase({"out_features": 3}, (TensorType((6,), "int64"),), "E0309"),
            ErrorCase({"out_features": 10**12}, (TensorType((512,)),), "E0905"),
        ]
