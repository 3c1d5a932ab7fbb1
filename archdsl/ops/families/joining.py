"""Several values become one, beside or behind one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Expr, Items, Operand, TorchLowering, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Dimension
from archdsl.ops.rules.broadcasting import require_same_dtype
from archdsl.ops.rules.checks import dimension
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))
VECTOR = TensorType((5,))
TOKENS = TensorType((4,), "int64")


class Concat(Operator):
    """The values behind one another along one dimension; all other sizes must agree."""

    name: ClassVar[str] = "concat"
    family: ClassVar[str] = "merging"
    operands: ClassVar[tuple[str, ...]] = ("*xs",)
    reference: ClassVar[str] = "torch.cat"

    dim: Dimension = Field(0, description="Dimension to join along, N not counted: 0 is the channels of an image.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_same_dtype(self, operands)
        first = operands[0]
        dim = dimension(self.dim, first.rank)
        for x in operands[1:]:
            if x.rank != first.rank or _without(x.shape, dim) != _without(first.shape, dim):
                raise OperatorError(
                    "E0305",
                    f"`concat` along dim={self.dim} cannot join {first} and {x}",
                    hint=f"all sizes but that of dimension {dim} must be equal",
                )
        joined = sum(x.shape[dim] for x in operands)
        return (TensorType((*first.shape[:dim], joined, *first.shape[dim + 1 :]), first.dtype),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost(reads=outputs[0].elements, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dim = dimension(self.dim, operands[0].rank)
        return TorchLowering(call("torch.cat", _every(operands), dim=dim + 1))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Concat", *inputs, axis=dimension(self.dim, operands[0].rank) + 1)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dim": dimension(self.dim, operands[0].rank)}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE, TensorType((2, 4, 5)), IMAGE)),
            Sample({"dim": -1}, (IMAGE, TensorType((3, 4, 1)))),
            Sample({"dim": 1}, (TensorType((3, 4, 2), "int64"), TensorType((3, 1, 2), "int64"))),
            Sample({}, (VECTOR,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (IMAGE, TensorType((3, 4, 6))), "E0305"),
            ErrorCase({}, (IMAGE, TensorType((4, 5))), "E0305"),
            ErrorCase({"dim": 3}, (IMAGE, IMAGE), "E0306", "dim"),
            ErrorCase({"dim": 0}, (TensorType(()),), "E0306", "dim"),
            ErrorCase({}, (VECTOR, TOKENS), "E0309"),
        ]


class Stack(Operator):
    """Values of one shape beside one another along a new dimension."""

    name: ClassVar[str] = "stack"
    family: ClassVar[str] = "merging"
    operands: ClassVar[tuple[str, ...]] = ("*xs",)
    reference: ClassVar[str] = "torch.stack"

    dim: Dimension = Field(0, description="Where the new dimension stands in the result, N not counted.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_same_dtype(self, operands)
        first = operands[0]
        for x in operands[1:]:
            if x.shape != first.shape:
                raise OperatorError("E0305", f"`stack` cannot stack {first} and {x}", hint="shapes must be equal")
        dim = dimension(self.dim, first.rank + 1)
        return (TensorType((*first.shape[:dim], len(operands), *first.shape[dim:]), first.dtype),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost(reads=outputs[0].elements, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dim = dimension(self.dim, operands[0].rank + 1)
        return TorchLowering(call("torch.stack", _every(operands), dim=dim + 1))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        dim = dimension(self.dim, operands[0].rank + 1) + 1
        axes = b.constant([dim])
        return [b.node("Concat", *[b.node("Unsqueeze", value, axes) for value in inputs], axis=dim)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dim": dimension(self.dim, operands[0].rank + 1)}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE, IMAGE, IMAGE)),
            Sample({"dim": -1}, (VECTOR, VECTOR)),
            Sample({"dim": 1}, (TOKENS,)),
            Sample({}, (TensorType(()), TensorType(()))),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (IMAGE, TensorType((3, 4, 6))), "E0305"),
            ErrorCase({"dim": 4}, (IMAGE, IMAGE), "E0306", "dim"),
            ErrorCase({}, (VECTOR, TensorType((5,), "int64")), "E0309"),
        ]


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return shape[:dim] + shape[dim + 1 :]


def _every(operands: Sequence[TensorType]) -> Expr:
    return Items(tuple(Operand(i) for i in range(len(operands))))
