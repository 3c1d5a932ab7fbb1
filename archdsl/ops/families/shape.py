"""Other shapes for the same elements, none of them copied."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Literal, TorchLowering, X, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import LARGEST, Dimension
from archdsl.ops.rules.checks import dimension
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))
VECTOR = TensorType((6,))
TOKENS = TensorType((2, 3), "int64")


def _several(value: Any) -> Any:
    """One dimension as a list of them."""
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


Dimensions = Annotated[tuple[Dimension, ...], BeforeValidator(_several)]
Size = Annotated[int, Field(ge=-1, lt=LARGEST)]


class View(Operator):
    """Reads no element and writes none: the result is the operand's memory, seen in another way."""

    family: ClassVar[str] = "shape"
    keeps_zero: ClassVar[bool] = True

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Nothing: views move no data."""
        return OpCost()


class Reshape(View):
    """The elements in row-major order in another shape; a size of -1 is what remains."""

    name: ClassVar[str] = "reshape"
    reference: ClassVar[str] = "torch.reshape"

    shape: tuple[Size, ...] = Field(description="Sizes of the result without N; one of them may be -1: what remains.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(self.resolved(operands[0]), operands[0].dtype),)

    def resolved(self, x: TensorType) -> tuple[int, ...]:
        """The shape with its number in place of -1."""
        if 0 in self.shape:
            raise OperatorError("E0304", f"shape={list(self.shape)} has no elements", "shape")
        if self.shape.count(-1) > 1:
            raise OperatorError("E0308", f"shape={list(self.shape)} has -1 more than once", "shape", "one -1 at most")
        known = prod(n for n in self.shape if n != -1)
        if x.elements % known or (-1 not in self.shape and known != x.elements):
            wanted = f"a multiple of {known}" if -1 in self.shape else str(known)
            message = f"shape={list(self.shape)} needs {wanted} elements per sample, {x} has {x.elements}"
            raise OperatorError("E0307", message, "shape", f"sizes with a product of {x.elements} are needed")
        return tuple(x.elements // known if n == -1 else n for n in self.shape)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(method(X, "reshape", Literal((-1, *self.resolved(operands[0])), "shape")))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        sizes = self.shape if -1 in self.shape else self.resolved(operands[0])
        return [b.node("Reshape", inputs[0], b.constant([0, *sizes]))]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"shape": self.resolved(operands[0])}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"shape": [12, 5]}, (IMAGE,)),
            Sample({"shape": [-1, 2, 3]}, (IMAGE,)),
            Sample({"shape": [6]}, (TOKENS,)),
            Sample({"shape": []}, (TensorType((1, 1)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"shape": [7, 8]}, (IMAGE,), "E0307", "shape"),
            ErrorCase({"shape": [-1, 7]}, (IMAGE,), "E0307", "shape"),
            ErrorCase({"shape": [-1, -1]}, (IMAGE,), "E0308", "shape"),
            ErrorCase({"shape": [0]}, (IMAGE,), "E0304", "shape"),
        ]


class Flatten(View):
    """A range of dimensions becomes one."""

    name: ClassVar[str] = "flatten"
    reference: ClassVar[str] = "torch.flatten"

    start_dim: Dimension = Field(0, description="First dimension that is flattened, N not counted.")
    end_dim: Dimension = Field(-1, description="Last dimension that is flattened, N not counted.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        first, last = self._range(x)
        if first > last:
            message = f"start_dim={self.start_dim} stands behind end_dim={self.end_dim} in {x}"
            raise OperatorError("E0308", message, "start_dim")
        return (TensorType((*x.shape[:first], prod(x.shape[first : last + 1]), *x.shape[last + 1 :]), x.dtype),)

    def _range(self, x: TensorType) -> tuple[int, int]:
        return dimension(self.start_dim, x.rank, "start_dim"), dimension(self.end_dim, x.rank, "end_dim")

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        first, last = self._range(operands[0])
        ends = () if last == operands[0].rank - 1 else (Literal(last + 1),)
        return TorchLowering(method(X, "flatten", Literal(first + 1), *ends))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (x,) = operands
        first, last = self._range(x)
        # In front of the range 0 copies a size; behind it a size is written only where there is one.
        sizes = [0] * (first + 1) + [-1, *x.shape[last + 1 :]]
        return [b.node("Reshape", inputs[0], b.constant(sizes))]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return dict(zip(("start_dim", "end_dim"), self._range(operands[0]), strict=True))

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE,)),
            Sample({"start_dim": 1}, (IMAGE,)),
            Sample({"end_dim": -2}, (IMAGE,)),
            Sample({"start_dim": 1, "end_dim": 2}, (TensorType((2, 3, 2, 2), "int64"),)),
            Sample({}, (VECTOR,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"start_dim": 3}, (IMAGE,), "E0306", "start_dim"),
            ErrorCase({"end_dim": -4}, (IMAGE,), "E0306", "end_dim"),
            ErrorCase({"start_dim": 2, "end_dim": 1}, (IMAGE,), "E0308", "start_dim"),
        ]


class Permute(View):
    """The dimensions in another order."""

    name: ClassVar[str] = "permute"
    reference: ClassVar[str] = "torch.permute"

    dims: tuple[Dimension, ...] = Field(
        description="For each dimension of the result the one it comes from, N not counted: [1, 0] swaps two."
    )

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        return (TensorType(tuple(x.shape[d] for d in self._order(x)), x.dtype),)

    def _order(self, x: TensorType) -> tuple[int, ...]:
        order = tuple(dimension(d, x.rank, "dims") for d in self.dims)
        if sorted(order) != list(range(x.rank)):
            message = f"dims={list(self.dims)} is no order of the {x.rank} dimensions of {x}"
            raise OperatorError("E0306", message, "dims", f"each of 0 to {x.rank - 1} once")
        return order

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(method(X, "permute", 0, *(d + 1 for d in self._order(operands[0]))))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Transpose", inputs[0], perm=[0, *(d + 1 for d in self._order(operands[0]))])]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dims": self._order(operands[0])}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"dims": [2, 0, 1]}, (IMAGE,)),
            Sample({"dims": [-1, -2]}, (TOKENS,)),
            Sample({"dims": [0]}, (VECTOR,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"dims": [0, 1]}, (IMAGE,), "E0306", "dims"),
            ErrorCase({"dims": [0, 1, 1]}, (IMAGE,), "E0306", "dims"),
            ErrorCase({"dims": [0, 1, 3]}, (IMAGE,), "E0306", "dims"),
        ]


class Squeeze(View):
    """Dimensions of size 1 go."""

    name: ClassVar[str] = "squeeze"
    reference: ClassVar[str] = "torch.squeeze"

    dim: Dimensions | None = Field(
        None, description="The dimension (or list of them) of size 1 to remove, N not counted; by default all."
    )

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        gone = self._gone(x)
        return (TensorType(tuple(n for d, n in enumerate(x.shape) if d not in gone), x.dtype),)

    def _gone(self, x: TensorType) -> tuple[int, ...]:
        if self.dim is None:
            return tuple(d for d, n in enumerate(x.shape) if n == 1)
        gone = tuple(sorted({dimension(d, x.rank) for d in self.dim}))
        for d in gone:
            if x.shape[d] != 1:
                message = f"dimension {d} of {x} has {x.shape[d]} elements and cannot be squeezed"
                raise OperatorError("E0301", message, "dim", "a dimension of size 1 is needed")
        return gone

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        gone = tuple(d + 1 for d in self._gone(operands[0]))
        if not gone:
            return TorchLowering(X)
        return TorchLowering(method(X, "squeeze", gone[0] if len(gone) == 1 else gone))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        gone = [d + 1 for d in self._gone(operands[0])]
        return [b.node("Squeeze", inputs[0], b.constant(gone)) if gone else b.node("Identity", inputs[0])]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dim": self._gone(operands[0])}

    @classmethod
    def samples(cls) -> list[Sample]:
        column = TensorType((3, 1, 1))
        return [
            Sample({}, (column,)),
            Sample({"dim": -1}, (column,)),
            Sample({"dim": [1, 2]}, (column,)),
            Sample({}, (IMAGE,)),
            Sample({"dim": 0}, (TensorType((1,), "int64"),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"dim": 0}, (IMAGE,), "E0301", "dim"),
            ErrorCase({"dim": 3}, (IMAGE,), "E0306", "dim"),
        ]


class Unsqueeze(View):
    """A new dimension of size 1."""

    name: ClassVar[str] = "unsqueeze"
    reference: ClassVar[str] = "torch.unsqueeze"

    dim: Dimension = Field(0, description="Where the new dimension stands in the result, N not counted.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        dim = self._place(x)
        return (TensorType((*x.shape[:dim], 1, *x.shape[dim:]), x.dtype),)

    def _place(self, x: TensorType) -> int:
        return dimension(self.dim, x.rank + 1)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(method(X, "unsqueeze", self._place(operands[0]) + 1))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Unsqueeze", inputs[0], b.constant([self._place(operands[0]) + 1]))]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dim": self._place(operands[0])}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE,)),
            Sample({"dim": -1}, (VECTOR,)),
            Sample({"dim": 1}, (TOKENS,)),
            Sample({}, (TensorType(()),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [ErrorCase({"dim": 4}, (IMAGE,), "E0306", "dim"), ErrorCase({"dim": -5}, (IMAGE,), "E0306", "dim")]
