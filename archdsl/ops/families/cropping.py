"""More or fewer elements at the borders: padding and cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Constant, Item, Range, TorchLowering, X, call
from archdsl.ops.lowering import Literal as Value
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import LARGEST, Finite, NonNegativeInt, Size2
from archdsl.ops.rules.checks import require_dtype
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))


def _all_sides(value: Any) -> Any:
    """One number for left, right, top and bottom."""
    return (value,) * 4 if isinstance(value, int) and not isinstance(value, bool) else value


Side = Annotated[int, Field(gt=-LARGEST, lt=LARGEST)]


class Pad(Operator):
    """Elements added at the borders of the last dimensions; negative numbers take some away."""

    name: ClassVar[str] = "pad"
    family: ClassVar[str] = "shape"
    reference: ClassVar[str] = "torch.nn.functional.pad"

    padding: Annotated[tuple[Side, ...], BeforeValidator(_all_sides)] = Field(
        min_length=2,
        description="[left, right], [left, right, top, bottom] or further pairs, from the last dimension on; one "
        "number is all four sides. Negative numbers crop (mode zeros only).",
    )
    mode: Literal["zeros", "reflect", "replicate"] = Field(
        "zeros", description="What is added: `value`, the mirrored inside (the border not repeated), or the border."
    )
    value: Finite = Field(0.0, description="What mode zeros adds.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        pairs = self._pairs(x)
        shape = tuple(n + before + after for n, (before, after) in zip(x.shape, pairs, strict=True))
        # Two crops of one dimension may meet; torch has no element left to give then.
        if any(n < 1 or n - cut < 1 for n, cut in zip(shape, _added(pairs), strict=True)):
            raise OperatorError("E0304", f"padding={list(self.padding)} leaves nothing of {x}", "padding")
        self._check_mode(x, pairs)
        return (TensorType(shape, x.dtype),)

    def _pairs(self, x: TensorType) -> tuple[tuple[int, int], ...]:
        """What is added before and after each dimension, in order of the dimensions."""
        sides = self.padding
        if len(sides) % 2 or len(sides) > 2 * x.rank:
            message = f"padding={list(sides)} has {len(sides)} numbers, {x} has {x.rank} dimensions to pad"
            raise OperatorError("E0303", message, "padding", "two numbers for each dimension, from the last one on")
        given = [(sides[i], sides[i + 1]) for i in range(0, len(sides), 2)]
        return tuple([(0, 0)] * (x.rank - len(given)) + given[::-1])

    def _check_mode(self, x: TensorType, pairs: tuple[tuple[int, int], ...]) -> None:
        if self.mode == "zeros":
            if x.dtype == "int64" and self.value != int(self.value):
                raise OperatorError("E0309", f"value={self.value} is no element of {x}", "value", "a whole number")
            return
        require_dtype(self, x)
        if self.value:
            raise OperatorError("E0308", f"mode={self.mode} adds no value={self.value}", "value")
        if min(self.padding) < 0:
            raise OperatorError("E0308", f"mode={self.mode} cannot crop", "padding", "no negative numbers")
        if x.rank > 4 or (x.rank == 4 and pairs[0] != (0, 0)) or len(self.padding) > 6:
            raise OperatorError("E0301", f"mode={self.mode} pads the last three dimensions at most, {x} has {x.rank}")
        for size, sides in zip(x.shape, pairs, strict=True):
            if self.mode == "reflect" and max(sides) >= size:
                message = f"mode=reflect cannot mirror {max(sides)} of {size} elements"
                raise OperatorError("E0308", message, "padding", f"at most {size - 1}")

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost(reads=operands[0].elements, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        (x,) = operands
        pairs = self._pairs(x)
        padding = Value(self._flat(x, pairs), "padding")
        if self.mode != "zeros":
            return TorchLowering(call("F.pad", X, padding, mode=self.mode))
        value: Constant = int(self.value) if x.dtype == "int64" else self.value
        return TorchLowering(call("F.pad", X, padding, value=value) if value else call("F.pad", X, padding))

    def _flat(self, x: TensorType, pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """The numbers for F.pad: the last dimension first, only as many as it needs."""
        # Reflection is defined for tensors with one or two dimensions more than are padded, N included.
        least = max(1, x.rank - 1) if self.mode != "zeros" else 1
        needed = [pair for d, pair in enumerate(pairs) if any(any(p) for p in pairs[: d + 1]) or d >= x.rank - least]
        return tuple(side for pair in reversed(needed) for side in pair)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (x,) = operands
        befores, afters = zip(*self._pairs(x), strict=True)
        pads = b.constant([0, *befores, 0, *afters])
        if self.mode != "zeros":
            return [b.node("Pad", inputs[0], pads, mode="reflect" if self.mode == "reflect" else "edge")]
        return [b.node("Pad", inputs[0], pads, b.constant(self.value, x.dtype), mode="constant")]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        sides = tuple(side for pair in reversed(self._pairs(operands[0])) for side in pair)
        while len(sides) > 2 and sides[-2:] == (0, 0):
            sides = sides[:-2]
        return {"padding": sides, "mode": self.mode, "value": self.value}

    @classmethod
    def samples(cls) -> list[Sample]:
        row, tokens = TensorType((6,)), TensorType((4, 3), "int64")
        return [
            Sample({"padding": [1, 2, 0, 3]}, (IMAGE,)),
            Sample({"padding": [-1, 1, -1, 1]}, (IMAGE,)),
            Sample({"padding": 1, "value": -2.5}, (IMAGE,)),
            Sample({"padding": [-2, -1]}, (row,)),
            Sample({"padding": [1, 0, 0, 0, 2, 1]}, (IMAGE,)),
            Sample({"padding": [0, 2], "value": 7}, (tokens,), integer_range=7),
            Sample({"padding": [3, 1, 2, 0], "mode": "reflect"}, (IMAGE,)),
            Sample({"padding": [2, 3], "mode": "reflect"}, (row,)),
            Sample({"padding": [2, 1], "mode": "replicate"}, (IMAGE,)),
            Sample({"padding": [2, 1, 5, 0], "mode": "replicate"}, (TensorType((4, 5)),)),
            Sample({"padding": [0, 0, 1, 1, 1, 0], "mode": "replicate"}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"padding": [1, 2, 3]}, (IMAGE,), "E0303", "padding"),
            ErrorCase({"padding": 1}, (TensorType((6,)),), "E0303", "padding"),
            ErrorCase({"padding": [-3, -2]}, (IMAGE,), "E0304", "padding"),
            ErrorCase({"padding": [-5, 3]}, (IMAGE,), "E0304", "padding"),
            ErrorCase({"padding": [5, 0], "mode": "reflect"}, (IMAGE,), "E0308", "padding"),
            ErrorCase({"padding": [-1, 0], "mode": "reflect"}, (IMAGE,), "E0308", "padding"),
            ErrorCase({"padding": [1, 0], "mode": "replicate", "value": 1.0}, (IMAGE,), "E0308", "value"),
            ErrorCase({"padding": [1, 0], "mode": "replicate"}, (TensorType((1, 1, 1, 2, 2)),), "E0301"),
            ErrorCase({"padding": [1, 0], "mode": "replicate"}, (TensorType((4,), "int64"),), "E0309"),
            ErrorCase({"padding": [1, 0], "value": 0.5}, (TensorType((4,), "int64"),), "E0309", "value"),
        ]


def _added(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """How many elements of each dimension of the result are new."""
    return [max(before, 0) + max(after, 0) for before, after in pairs]


class PadChannels(Operator):
    """Channels of zeros in front of and behind the operand's."""

    name: ClassVar[str] = "pad_channels"
    family: ClassVar[str] = "shape"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "arXiv:1512.03385, section 3.3, option A"

    before: NonNegativeInt = Field(0, description="Channels of zeros in front.")
    after: NonNegativeInt = Field(0, description="Channels of zeros behind.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        if x.rank == 0:
            raise OperatorError("E0301", f"`pad_channels` needs channels, and {x} has none")
        return (TensorType((self.before + x.shape[0] + self.after, *x.shape[1:]), x.dtype),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost(reads=operands[0].elements, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        inner = (0, 0) * (operands[0].rank - 1)
        return TorchLowering(call("F.pad", X, Value((*inner, self.before, self.after), "padding")))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        inner = [0] * (operands[0].rank - 1)
        pads = b.constant([0, self.before, *inner, 0, self.after, *inner])
        return [b.node("Pad", inputs[0], pads, mode="constant")]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"before": 1, "after": 2}, (IMAGE,)),
            Sample({"after": 3}, (TensorType((4,), "int64"),)),
            Sample({}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [ErrorCase({"before": 1}, (TensorType(()),), "E0301")]


class CenterCrop(Operator):
    """The middle of the last two dimensions, [C, H, W] to [C, h, w].

    The first row is round((H - h) / 2) and the first column round((W - w) / 2), halves to the even number, as
    torchvision's CenterCrop has it.
    """

    name: ClassVar[str] = "center_crop"
    family: ClassVar[str] = "shape"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torchvision.transforms.CenterCrop, for sizes that are not larger than the image"

    size: Size2 = Field(description="Height and width of the result: [height, width], or one number for both.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        if x.rank < 2:
            raise OperatorError("E0301", f"`center_crop` reads [N, ..., H, W], not {x}")
        if self.size[0] > x.shape[-2] or self.size[1] > x.shape[-1]:
            wanted, there = " x ".join(map(str, self.size)), " x ".join(map(str, x.shape[-2:]))
            message = f"size={wanted} is larger than what is cropped, {there}"
            raise OperatorError("E0303", message, "size", f"at most {there}")
        return (TensorType((*x.shape[:-2], *self.size), x.dtype),)

    def corner(self, x: TensorType) -> tuple[int, int]:
        """First row and first column that stay."""
        return round((x.shape[-2] - self.size[0]) / 2), round((x.shape[-1] - self.size[1]) / 2)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Nothing: a view."""
        return OpCost()

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        top, left = self.corner(operands[0])
        all_of = (Range(),) * (operands[0].rank - 1)
        rows, columns = Range(top, top + self.size[0]), Range(left, left + self.size[1])
        return TorchLowering(Item(X, (*all_of, rows, columns)))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        top, left = self.corner(operands[0])
        starts, ends = [top, left], [top + self.size[0], left + self.size[1]]
        axes = [operands[0].rank - 1, operands[0].rank]
        return [b.node("Slice", inputs[0], b.constant(starts), b.constant(ends), b.constant(axes))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"size": 2}, (IMAGE,)),
            Sample({"size": [1, 4]}, (IMAGE,)),
            Sample({"size": [4, 5]}, (TensorType((7, 8), "int64"),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"size": 5}, (IMAGE,), "E0303", "size"),
            ErrorCase({"size": [4, 6]}, (IMAGE,), "E0303", "size"),
            ErrorCase({"size": 1}, (TensorType((7,)),), "E0301"),
        ]
