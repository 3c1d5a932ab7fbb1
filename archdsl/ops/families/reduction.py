"""Dimensions that are summed up, averaged or searched for their extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Constant, TorchLowering, X, call, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Dimension
from archdsl.ops.rules.checks import dimension, require_dtype
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))
TOKENS = TensorType((2, 6), "int64")


def _several(value: Any) -> Any:
    """One dimension as a list of them."""
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


class Reduction(Operator):
    """One result for all elements along the reduced dimensions."""

    family: ClassVar[str] = "reduction"
    keeps_zero: ClassVar[bool] = True
    floats_only: ClassVar[bool] = True
    torch_method: ClassVar[str]
    onnx_type: ClassVar[str]

    dims: Annotated[tuple[Dimension, ...], BeforeValidator(_several)] | None = Field(
        None, description="The dimension (or list of them) to reduce, N not counted; by default all."
    )
    keepdim: bool = Field(False, description="Whether reduced dimensions stay, with size 1.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        if self.floats_only:
            require_dtype(self, x)
        if x.rank == 0:
            raise OperatorError("E0301", f"`{self.name}` needs a dimension to reduce, {x} has none")
        gone = self._reduced(x)
        kept = ((1 if d in gone else n, d in gone) for d, n in enumerate(x.shape))
        return (TensorType(tuple(n for n, reduced in kept if self.keepdim or not reduced), x.dtype),)

    def _reduced(self, x: TensorType) -> tuple[int, ...]:
        if self.dims is None:
            return tuple(range(x.rank))
        gone = tuple(sorted({dimension(d, x.rank, "dims") for d in self.dims}))
        if len(gone) != len(self.dims) or not gone:
            what = "twice the same dimension" if gone else "no dimension"
            raise OperatorError("E0308", f"dims={list(self.dims)} has {what}", "dims")
        return gone

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One operation per element read."""
        read = operands[0].elements
        return OpCost(elementwise=read, reads=read, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(method(X, self.torch_method, dim=self._torch_dims(operands[0]), **self.changed("keepdim")))

    def _torch_dims(self, x: TensorType) -> Constant:
        dims = tuple(d + 1 for d in self._reduced(x))
        return dims[0] if len(dims) == 1 else dims

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        axes = b.constant([d + 1 for d in self._reduced(operands[0])])
        return [b.node(self.onnx_type, inputs[0], axes, keepdims=int(self.keepdim))]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dims": self._reduced(operands[0]), "keepdim": self.keepdim}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE,)),
            Sample({"dims": [1, -1]}, (IMAGE,)),
            Sample({"dims": 0, "keepdim": True}, (IMAGE,)),
            Sample({"dims": -2}, (TOKENS if not cls.floats_only else TensorType((2, 6)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"dims": 3}, (IMAGE,), "E0306", "dims"),
            ErrorCase({"dims": [2, -1]}, (IMAGE,), "E0308", "dims"),
            ErrorCase({"dims": []}, (IMAGE,), "E0308", "dims"),
            ErrorCase({}, (TensorType(()),), "E0301"),
            *([ErrorCase({}, (TOKENS,), "E0309")] if cls.floats_only else []),
        ]


class ReduceMean(Reduction):
    """Mean of the elements along the reduced dimensions."""

    name: ClassVar[str] = "reduce_mean"
    torch_method: ClassVar[str] = "mean"
    onnx_type: ClassVar[str] = "ReduceMean"
    reference: ClassVar[str] = "torch.mean"


class ReduceSum(Reduction):
    """Sum of the elements along the reduced dimensions."""

    name: ClassVar[str] = "reduce_sum"
    floats_only: ClassVar[bool] = False
    torch_method: ClassVar[str] = "sum"
    onnx_type: ClassVar[str] = "ReduceSum"
    reference: ClassVar[str] = "torch.sum"


class ReduceL2(Reduction):
    """Euclidean length: the square root of the sum of squares along the reduced dimensions."""

    name: ClassVar[str] = "reduce_l2"
    torch_method: ClassVar[str] = ""
    onnx_type: ClassVar[str] = "ReduceL2"
    reference: ClassVar[str] = "torch.linalg.vector_norm"

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dims = self._torch_dims(operands[0])
        return TorchLowering(call("torch.linalg.vector_norm", X, dim=dims, **self.changed("keepdim")))

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Square and sum per element read, a root per result."""
        read, made = operands[0].elements, outputs[0].elements
        return OpCost(elementwise=2 * read + made, reads=read, writes=made)


class ReduceMax(Reduction):
    """Largest element along the reduced dimensions."""

    name: ClassVar[str] = "reduce_max"
    floats_only: ClassVar[bool] = False
    torch_method: ClassVar[str] = "amax"
    onnx_type: ClassVar[str] = "ReduceMax"
    reference: ClassVar[str] = "torch.amax"


class ReduceMin(Reduction):
    """Smallest element along the reduced dimensions."""

    name: ClassVar[str] = "reduce_min"
    floats_only: ClassVar[bool] = False
    torch_method: ClassVar[str] = "amin"
    onnx_type: ClassVar[str] = "ReduceMin"
    reference: ClassVar[str] = "torch.amin"
