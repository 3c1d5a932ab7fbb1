"""One value becomes several: chunks and splits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Literal, TorchLowering, X, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Dimension, PositiveInt
from archdsl.ops.rules.checks import dimension
from archdsl.types import TensorType

IMAGE = TensorType((6, 4, 5))
TOKENS = TensorType((7,), "int64")

# More parts than any network has; keeps a slip of the pen from making millions of values.
MOST_PARTS = 100_000


class Partition(Operator):
    """The parts lie behind one another along one dimension and are views."""

    family: ClassVar[str] = "selection"
    keeps_zero: ClassVar[bool] = True

    dim: Dimension = Field(0, description="Dimension to cut, N not counted.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        dim = dimension(self.dim, x.rank)
        return tuple(TensorType((*x.shape[:dim], n, *x.shape[dim + 1 :]), x.dtype) for n in self.parts(x))

    @abstractmethod
    def parts(self, x: TensorType) -> tuple[int, ...]:
        """Sizes of the parts along `dim`."""
        raise NotImplementedError

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Nothing: views."""
        return OpCost()

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (x,) = operands
        parts = self.parts(x)
        axis = dimension(self.dim, x.rank) + 1
        return list(b.nodes("Split", inputs[0], b.constant(parts), outputs=len(parts), axis=axis))


class Chunk(Partition):
    """The operand in `chunks` parts of equal size; where that doesn't divide, the last is smaller.

    As in PyTorch a part has ceil(size / chunks), so that there may be fewer parts than asked for (6 in 4 chunks are
    2, 2, 2).
    """

    name: ClassVar[str] = "chunk"
    reference: ClassVar[str] = "torch.chunk"

    chunks: PositiveInt = Field(description="Number of parts.")

    def parts(self, x: TensorType) -> tuple[int, ...]:
        size = x.shape[dimension(self.dim, x.rank)]
        if self.chunks > MOST_PARTS:
            raise OperatorError("E0905", f"chunks={self.chunks} are too many", "chunks", f"at most {MOST_PARTS}")
        if self.chunks > size:
            message = f"chunks={self.chunks} is more than the {size} elements along dim={self.dim} of {x}"
            raise OperatorError("E0303", message, "chunks", f"at most {size}")
        part = -(-size // self.chunks)
        whole, rest = divmod(size, part)
        return (part,) * whole + ((rest,) if rest else ())

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dim = dimension(self.dim, operands[0].rank) + 1
        if self.chunks == 1:
            return TorchLowering(X)
        return TorchLowering(method(X, "chunk", self.chunks, dim=dim))

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"chunks": len(self.parts(operands[0])), "dim": dimension(self.dim, operands[0].rank)}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"chunks": 3}, (IMAGE,)),
            Sample({"chunks": 4, "dim": -1}, (IMAGE,)),
            Sample({"chunks": 3}, (TOKENS,)),
            Sample({"chunks": 1}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"chunks": 7}, (IMAGE,), "E0303", "chunks"),
            ErrorCase({"chunks": 10**6}, (TensorType((10**7,)),), "E0905", "chunks"),
            ErrorCase({"chunks": 2, "dim": 3}, (IMAGE,), "E0306", "dim"),
        ]


class Split(Partition):
    """The operand in parts of the given sizes."""

    name: ClassVar[str] = "split"
    reference: ClassVar[str] = "torch.split"

    sizes: tuple[PositiveInt, ...] = Field(
        min_length=1, description="Sizes of the parts along `dim`; together the size there."
    )

    def parts(self, x: TensorType) -> tuple[int, ...]:
        size = x.shape[dimension(self.dim, x.rank)]
        if sum(self.sizes) != size:
            message = f"sizes={list(self.sizes)} are {sum(self.sizes)} together, {x} has {size} along dim={self.dim}"
            raise OperatorError("E0305", message, "sizes", f"sizes with a sum of {size} are needed")
        return self.sizes

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        if len(self.sizes) == 1:
            return TorchLowering(X)
        dim = dimension(self.dim, operands[0].rank) + 1
        return TorchLowering(method(X, "split", Literal(self.sizes, "sizes"), dim=dim))

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"sizes": self.sizes, "dim": dimension(self.dim, operands[0].rank)}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"sizes": [1, 2, 3]}, (IMAGE,)),
            Sample({"sizes": [2, 2], "dim": -2}, (IMAGE,)),
            Sample({"sizes": [4, 3]}, (TOKENS,)),
            Sample({"sizes": [5], "dim": 2}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"sizes": [1, 2]}, (IMAGE,), "E0305", "sizes"),
            ErrorCase({"sizes": [6], "dim": -4}, (IMAGE,), "E0306", "dim"),
        ]
