"""Operators that compute nothing: identity, zeros, constants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Literal, TorchLowering, X, call, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import LARGEST, PositiveInt, Size2
from archdsl.ops.rules.checks import require_form
from archdsl.types import DType, TensorType

IMAGE = TensorType((3, 4, 5))


def expanded(b: OnnxBuilder, constant: str, x: str, shape: Sequence[int]) -> str:
    """An ONNX constant repeated to [N, *shape], with the N of the value `x`."""
    batch = b.node("Shape", x, start=0, end=1)
    return b.node("Expand", constant, b.node("Concat", batch, b.constant(list(shape)), axis=0))


class Identity(Operator):
    """The operand itself. A step that only renames or resets the chain; it makes no node."""

    name: ClassVar[str] = "identity"
    family: ClassVar[str] = "structural"
    is_identity: ClassVar[bool] = True
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.nn.Identity"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return operands

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost()

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(X)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Identity", inputs[0])]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({}, (TensorType((4,), "int64"),))]


class Zero(Operator):
    """Zeros, whatever the operand: the `none` of search spaces.

    With `stride` the spatial sizes are ceil(size / stride), as a padded convolution or pooling beside it gives them;
    with `out_channels` the result has that many channels. Without either it has the operand's shape.
    """

    name: ClassVar[str] = "zero"
    family: ClassVar[str] = "structural"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "arXiv:1806.09055, section 2.1; arXiv:2001.00326, section 2.1"

    stride: Size2 = Field((1, 1), description="By how much height and width shrink.")
    out_channels: PositiveInt | None = Field(None, description="Channels of the result; by default the operand's.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        if self.stride == (1, 1) and (self.out_channels is None or x.rank >= 1):
            channels = x.shape[:1] if self.out_channels is None else (self.out_channels,)
            return (TensorType((*channels, *x.shape[1:]), x.dtype),)
        require_form(self, x, "[N, C, H, W]", dtype=None)
        channels, (height, width) = x.shape[:1], x.shape[1:]
        if self.out_channels is not None:
            channels = (self.out_channels,)
        return (TensorType((*channels, -(-height // self.stride[0]), -(-width // self.stride[1])), x.dtype),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost(writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        (made,) = self.infer(*operands)
        if made == operands[0]:
            return TorchLowering(call("torch.zeros_like", X))
        return TorchLowering(method(X, "new_zeros", method(X, "size", 0), *made.shape))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (made,) = self.infer(*operands)
        zero = b.constant(0, made.dtype)
        if made == operands[0]:
            return [b.node("Expand", zero, b.node("Shape", inputs[0]))]
        return [expanded(b, zero, inputs[0], made.shape)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        found = super().canonical_attributes(operands)
        if operands[0].rank and self.out_channels == operands[0].shape[0]:
            del found["out_channels"]
        return found

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE,)),
            Sample({"stride": 2}, (IMAGE,)),
            Sample({"stride": [1, 2], "out_channels": 6}, (IMAGE,)),
            Sample({"out_channels": 2}, (TensorType((7,), "int64"),)),
            Sample({"out_channels": 3}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"stride": 2}, (TensorType((7,)),), "E0301"),
            ErrorCase({"out_channels": 2}, (TensorType(()),), "E0301"),
        ]


Number: TypeAlias = Annotated[int, Field(gt=-LARGEST, lt=LARGEST)] | Annotated[float, Field(allow_inf_nan=False)]
Row: TypeAlias = tuple[Number, ...]
Table: TypeAlias = tuple[Row, ...]
Volume: TypeAlias = tuple[Table, ...]


class Constant(Operator):
    """The same numbers for every sample, not learned.

    `value` is a number, repeated to `shape`, or nested lists that have their shape in themselves.
    """

    name: ClassVar[str] = "constant"
    family: ClassVar[str] = "structural"
    operands: ClassVar[tuple[str, ...]] = ()
    reads_batch_size: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.tensor, torch.full"

    value: Number | Row | Table | Volume | tuple[Volume, ...] = Field(
        description="A number, or numbers in lists of equal length, nested up to four deep."
    )
    shape: tuple[PositiveInt, ...] | None = Field(
        None, description="Sizes to repeat a single number to, N not counted; by default none, one number per sample."
    )
    dtype: DType = Field("float32", description="Kind of the elements.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        nested = isinstance(self.value, tuple)
        if nested and self.shape is not None:
            raise OperatorError("E0308", "lists of numbers have their shape in themselves", "shape", "leave it out")
        shape = _nested_shape(self.value) if nested else (self.shape or ())
        if shape is None:
            raise OperatorError("E0303", "the lists of `value` differ in length", "value")
        if 0 in shape:
            raise OperatorError("E0304", "`value` has no elements", "value")
        if self.dtype == "int64":
            wrong = next((n for n in _numbers(self.value) if n != int(n) or abs(n) >= LARGEST), None)
            if wrong is not None:
                raise OperatorError("E0309", f"{wrong} is no int64", "value", "a whole number, or dtype float32")
        return (TensorType(shape, self.dtype),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Nothing: a view of numbers that are there."""
        return OpCost()

    def _typed(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._typed(v) for v in value)
        return float(value) if self.dtype == "float32" else int(value)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        value = Literal(self._typed(self.value), "value")
        (made,) = self.infer(*operands)
        return TorchLowering(call("support.constant", X, value, shape=made.shape, **self.changed("dtype")))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (made,) = self.infer(*operands)
        return [expanded(b, b.constant(self._typed(self.value), self.dtype), inputs[0], made.shape)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        found = super().canonical_attributes(operands) | {"value": self._typed(self.value)}
        if not isinstance(self.value, tuple):
            found["shape"] = self.shape or ()
        return found

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"value": 0.5}, (IMAGE,)),
            Sample({"value": 0, "shape": [4]}, (IMAGE,)),
            Sample({"value": 3, "shape": [2, 2], "dtype": "int64"}, (IMAGE,)),
            Sample({"value": [1, 2.5, -3]}, (IMAGE,)),
            Sample({"value": [[0, 1, 2], [5, 4, 3]], "dtype": "int64"}, (TensorType((7,), "int64"),)),
            Sample({"value": [[[1.0], [2.0]]]}, (TensorType((7,), "int64"),)),
            Sample({"value": [[[[1.0, 2.0]]]]}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"value": [1, 2], "shape": [2]}, (IMAGE,), "E0308", "shape"),
            ErrorCase({"value": [[1, 2], [3]]}, (IMAGE,), "E0303", "value"),
            ErrorCase({"value": []}, (IMAGE,), "E0304", "value"),
            ErrorCase({"value": [[], []]}, (IMAGE,), "E0304", "value"),
            ErrorCase({"value": [1, 0.5], "dtype": "int64"}, (IMAGE,), "E0309", "value"),
        ]


def _nested_shape(value: Any) -> tuple[int, ...] | None:
    """Shape of nested lists; None if they differ in length or depth."""
    if not isinstance(value, tuple):
        return ()
    if not value:
        return (0,)
    first = _nested_shape(value[0])
    if first is None or any(_nested_shape(v) != first for v in value[1:]):
        return None
    return (len(value), *first)


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, tuple):
        for v in value:
            yield from _numbers(v)
    else:
        yield value
