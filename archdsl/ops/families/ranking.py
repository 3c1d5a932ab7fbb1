"""The largest or smallest elements and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import TorchLowering, X, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Dimension, PositiveInt
from archdsl.ops.rules.checks import dimension, require_dtype
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))
VECTOR = TensorType((9,))


class TopK(Operator):
    """The k largest (or smallest) elements along one dimension: their values and their positions (int64)."""

    name: ClassVar[str] = "top_k"
    family: ClassVar[str] = "selection"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.topk"

    k: PositiveInt = Field(description="How many elements; at most the size of the dimension.")
    dim: Dimension = Field(-1, description="Dimension to look along, N not counted.")
    largest: bool = Field(True, description="The largest elements; else the smallest.")
    sorted: bool = Field(True, description="Whether they come in order; else in any order.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_dtype(self, x)
        dim = dimension(self.dim, x.rank)
        if self.k > x.shape[dim]:
            message = f"k={self.k} is more than the {x.shape[dim]} elements along dim={self.dim} of {x}"
            raise OperatorError("E0303", message, "k", f"at most {x.shape[dim]}")
        shape = (*x.shape[:dim], self.k, *x.shape[dim + 1 :])
        return TensorType(shape), TensorType(shape, "int64")

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Comparisons of a heap with k elements: one descent for each element read."""
        read = operands[0].elements
        descent = max(1, ceil(log2(self.k)))
        return OpCost(elementwise=read * descent, reads=read, writes=2 * outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dim = dimension(self.dim, operands[0].rank) + 1
        return TorchLowering(method(X, "topk", k=self.k, dim=dim, **self.changed("largest", "sorted")))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        axis = dimension(self.dim, operands[0].rank) + 1
        count = b.constant([self.k])
        flags = {"largest": int(self.largest), "sorted": int(self.sorted)}
        return b.nodes("TopK", inputs[0], count, outputs=2, axis=axis, **flags)

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return super().canonical_attributes(operands) | {"dim": dimension(self.dim, operands[0].rank)}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"k": 3}, (VECTOR,)),
            Sample({"k": 2, "dim": 0}, (IMAGE,)),
            Sample({"k": 4, "dim": 1, "largest": False}, (IMAGE,)),
            # Of one element the order is known.
            Sample({"k": 1, "sorted": False}, (VECTOR,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"k": 10}, (VECTOR,), "E0303", "k"),
            ErrorCase({"k": 1, "dim": 3}, (IMAGE,), "E0306", "dim"),
            ErrorCase({"k": 1}, (TensorType((4,), "int64"),), "E0309"),
        ]
