"""Parts of a value by position: slices, single positions, lists of positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Item, Literal, Operand, Range, TorchLowering, X, call, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import LARGEST, Dimension, PositiveInt
from archdsl.ops.rules.checks import dimension, require_dtype, require_form
from archdsl.types import TensorType

IMAGE = TensorType((6, 4, 5))
TOKENS = TensorType((7,), "int64")

Position = Annotated[int, Field(gt=-LARGEST, lt=LARGEST)]


def position(index: int, size: int, x: TensorType, attribute: str = "index") -> int:
    """`index` counted from the front. Raises OperatorError E0303 if there is no such element."""
    if not -size <= index < size:
        message = f"{attribute}={index} does not exist among the {size} elements of {x} there"
        raise OperatorError("E0303", message, attribute, f"{-size} to {size - 1}")
    return index % size


class Selection(Operator):
    """What comes from one value, with `dim` as the dimension the positions count along."""

    family: ClassVar[str] = "selection"
    keeps_zero: ClassVar[bool] = True

    dim: Dimension = Field(0, description="Dimension the positions count along, N not counted.")

    def place(self, x: TensorType) -> tuple[int, int]:
        """`dim` counted from the front, and the size there."""
        dim = dimension(self.dim, x.rank)
        return dim, x.shape[dim]

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Nothing: a view."""
        return OpCost()


class Slice(Selection):
    """The positions start, start + step, ... before stop, as in Python, but never past the end."""

    name: ClassVar[str] = "slice"
    reference: ClassVar[str] = "Python's slices"

    start: Position = Field(0, description="First position; negative ones count from the end.")
    stop: Position | None = Field(None, description="First position left out; by default the size.")
    step: PositiveInt = Field(1, description="Distance of two positions.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        dim, _ = self.place(x)
        start, stop = self._bounds(x)
        if start >= stop:
            message = f"start={self.start} and stop={stop} leave nothing of {x} along dim={self.dim}"
            raise OperatorError("E0304", message, "start" if self.stop is None else "stop")
        taken = len(range(start, stop, self.step))
        return (TensorType((*x.shape[:dim], taken, *x.shape[dim + 1 :]), x.dtype),)

    def _bounds(self, x: TensorType) -> tuple[int, int]:
        _, size = self.place(x)
        bounds = []
        for attribute, bound in (("start", self.start), ("stop", size if self.stop is None else self.stop)):
            if not -size <= bound <= size:
                message = f"{attribute}={bound} lies outside the {size} elements along dim={self.dim} of {x}"
                raise OperatorError("E0303", message, attribute, f"{-size} to {size}")
            bounds.append(bound + size if bound < 0 else bound)
        return bounds[0], bounds[1]

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        (x,) = operands
        dim, size = self.place(x)
        start, stop = self._bounds(x)
        if (start, stop, self.step) == (0, size, 1):
            return TorchLowering(X)
        taken = Range(start or None, stop if stop < size else None, self.step if self.step > 1 else None)
        return TorchLowering(Item(X, ((Range(),) * (dim + 1) + (taken,))))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        dim, size = self.place(operands[0])
        start, stop = self._bounds(operands[0])
        end = LARGEST if stop == size and self.stop is None else stop
        numbers = [b.constant([n]) for n in (start, end, dim + 1, self.step)]
        return [b.node("Slice", inputs[0], *numbers)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        start, stop = self._bounds(operands[0])
        return {"dim": self.place(operands[0])[0], "start": start, "stop": stop, "step": self.step}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"stop": 2}, (IMAGE,)),
            Sample({"start": 1, "stop": -1, "dim": -1}, (IMAGE,)),
            Sample({"start": -3, "step": 2}, (TOKENS,)),
            Sample({"start": 1, "stop": 6, "step": 3, "dim": 0}, (IMAGE,)),
            Sample({}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"stop": 7}, (IMAGE,), "E0303", "stop"),
            ErrorCase({"start": -7}, (IMAGE,), "E0303", "start"),
            ErrorCase({"start": 3, "stop": 3}, (IMAGE,), "E0304", "stop"),
            ErrorCase({"start": 6}, (IMAGE,), "E0304", "start"),
            ErrorCase({"stop": 2, "dim": 3}, (IMAGE,), "E0306", "dim"),
        ]


class Select(Selection):
    """One position; its dimension goes."""

    name: ClassVar[str] = "select"
    reference: ClassVar[str] = "torch.select"

    index: Position = Field(description="The position; negative ones count from the end.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        dim, size = self.place(x)
        position(self.index, size, x)
        return (TensorType(x.shape[:dim] + x.shape[dim + 1 :], x.dtype),)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dim, size = self.place(operands[0])
        return TorchLowering(Item(X, ((Range(),) * (dim + 1)) + (Literal(self._short(size)),)))

    def _short(self, size: int) -> int:
        """The last position is -1 to a reader, every other one counts from the front."""
        return -1 if self.index == -1 else self.index % size

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        dim, size = self.place(operands[0])
        return [b.node("Gather", inputs[0], b.constant(self._short(size)), axis=dim + 1)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        dim, size = self.place(operands[0])
        return {"dim": dim, "index": self.index % size}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"index": 2}, (IMAGE,)),
            Sample({"index": -1, "dim": 1}, (IMAGE,)),
            Sample({"index": -2, "dim": -1}, (IMAGE,)),
            Sample({"index": 0}, (TOKENS,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"index": 6}, (IMAGE,), "E0303", "index"),
            ErrorCase({"index": -5, "dim": 1}, (IMAGE,), "E0303", "index"),
            ErrorCase({"index": 0, "dim": 3}, (IMAGE,), "E0306", "dim"),
            ErrorCase({"index": 0}, (TensorType(()),), "E0306", "dim"),
        ]


class IndexSelect(Selection):
    """A stored list of positions, in its order, repetitions included."""

    name: ClassVar[str] = "index_select"
    reference: ClassVar[str] = "torch.index_select"

    index: tuple[Position, ...] = Field(min_length=1, description="The positions; negative ones count from the end.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        dim, _ = self.place(x)
        return (TensorType((*x.shape[:dim], len(self._positions(x)), *x.shape[dim + 1 :]), x.dtype),)

    def _positions(self, x: TensorType) -> tuple[int, ...]:
        _, size = self.place(x)
        return tuple(position(i, size, x) for i in self.index)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost(reads=min(operands[0].elements, outputs[0].elements), writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dim, _ = self.place(operands[0])
        index = Literal(self._positions(operands[0]), "index")
        return TorchLowering(call("support.index_select", X, Literal(dim + 1), index))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        dim, _ = self.place(operands[0])
        return [b.node("Gather", inputs[0], b.constant(self._positions(operands[0])), axis=dim + 1)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return {"dim": self.place(operands[0])[0], "index": self._positions(operands[0])}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"index": [5, 0, 2, 2]}, (IMAGE,)),
            Sample({"index": [-1], "dim": -1}, (IMAGE,)),
            Sample({"index": [3, 1]}, (TOKENS,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"index": [0, 6]}, (IMAGE,), "E0303", "index"),
            ErrorCase({"index": [0], "dim": 3}, (IMAGE,), "E0306", "dim"),
        ]


class Gather(Operator):
    """For each sample the entries of `x` at its own `indices`: [A, ...] and [k] to [k, ...]."""

    name: ClassVar[str] = "gather"
    family: ClassVar[str] = "selection"
    operands: ClassVar[tuple[str, ...]] = ("x", "indices")
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.gather along dimension 1, the index repeated over the further dimensions"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        x, indices = operands
        if x.rank == 0:
            raise OperatorError("E0301", f"`x` of `gather` is [N, A, ...], not {x}")
        require_form(self, indices, "[N, k]", dtype=None, operand="indices")
        require_dtype(self, indices, "int64", "indices")
        return (TensorType((*indices.shape, *x.shape[1:]), x.dtype),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        read = min(operands[0].elements, outputs[0].elements) + operands[1].elements
        return OpCost(reads=read, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        rest = operands[0].shape[1:]
        if not rest:
            return TorchLowering(method(X, "gather", 1, Operand(1)))
        spread = Item(Operand(1), (Range(), Range(), *(Literal(None),) * len(rest)))
        return TorchLowering(method(X, "gather", 1, method(spread, "expand", -1, -1, *rest)))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        indices = b.node("Unsqueeze", inputs[1], b.constant([-1]))
        return [b.node("GatherND", inputs[0], indices, batch_dims=1)]

    @classmethod
    def samples(cls) -> list[Sample]:
        indices = TensorType((3,), "int64")
        return [
            Sample({}, (TensorType((8, 4)), indices), integer_range=8),
            Sample({}, (TensorType((5,)), indices), integer_range=5),
            Sample({}, (TensorType((5, 2, 3), "int64"), indices), integer_range=5),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        indices = TensorType((3,), "int64")
        return [
            ErrorCase({}, (TensorType((8, 4)), TensorType((3,))), "E0309"),
            ErrorCase({}, (TensorType((8, 4)), TensorType((3, 2), "int64")), "E0301"),
            ErrorCase({}, (TensorType(()), indices), "E0301"),
        ]
