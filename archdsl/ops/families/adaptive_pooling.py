"""Pooling to a given size, and the inverse of max pooling."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Operand, TorchLowering, X, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Padding2, Size2
from archdsl.ops.rules.checks import require_elements, require_form
from archdsl.ops.rules.windows import Window, scalar
from archdsl.types import TensorType

IMAGE = TensorType((3, 9, 7))

SIZE = "Height and width of the output."


def regions(size: int, count: int) -> list[tuple[int, int]]:
    """The `count` regions (start, end) of an axis of `size`, as torch's adaptive pooling cuts it; they may overlap."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


class AdaptivePooling(Operator):
    """One number for each of output_size regions, element i being [floor(i * size / n), ceil((i + 1) * size / n))."""

    family: ClassVar[str] = "pooling"
    keeps_zero: ClassVar[bool] = True
    function: ClassVar[str]

    output_size: Size2 = Field(description=SIZE)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_form(self, operands[0], "[N, C, H, W]")
        return (TensorType((operands[0].shape[0], *self.output_size)),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One per element of a region and output, for regions of the largest size."""
        (x,) = operands
        region = prod(-(-size // n) for size, n in zip(x.shape[1:], self.output_size, strict=True))
        written = sum(output.elements for output in outputs)
        return OpCost(elementwise=region * outputs[0].elements, reads=x.elements, writes=written)

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"output_size": 3}, (TensorType((3, 9)),), "E0301"),
            ErrorCase({"output_size": 3}, (TensorType((3, 9, 7), "int64"),), "E0309"),
            ErrorCase({"output_size": 10**8}, (IMAGE,), "E0905"),
        ]


class AdaptiveAvgPool2d(AdaptivePooling):
    """Average of each of output_size regions: region i is [floor(i * size / n), ceil((i + 1) * size / n))."""

    name: ClassVar[str] = "adaptive_avg_pool2d"
    reference: ClassVar[str] = "torch.nn.AdaptiveAvgPool2d"

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call("F.adaptive_avg_pool2d", X, output_size=scalar(self.output_size)))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        sizes = operands[0].shape[1:]
        if self.output_size == (1, 1):
            return [b.node("GlobalAveragePool", inputs[0])]
        if all(size % n == 0 for size, n in zip(sizes, self.output_size, strict=True)):
            window = tuple(size // n for size, n in zip(sizes, self.output_size, strict=True))
            return [b.node("AveragePool", inputs[0], kernel_shape=window, strides=window)]
        # The average over a rectangle is the average of its rows' averages: two matrices.
        rows, columns = (_averages(size, n) for size, n in zip(sizes, self.output_size, strict=True))
        across = b.node("MatMul", inputs[0], b.constant([list(c) for c in zip(*columns, strict=True)], "float32"))
        return [b.node("MatMul", b.constant(rows, "float32"), across)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"output_size": 1}, (IMAGE,)),
            Sample({"output_size": (3, 7)}, (IMAGE,)),
            Sample({"output_size": (4, 3)}, (IMAGE,)),
            Sample({"output_size": (2, 9)}, (IMAGE,)),
        ]


def _averages(size: int, count: int) -> list[list[float]]:
    """The matrix [count, size] that averages the regions of an axis."""
    return [[(start <= k < end) / (end - start) for k in range(size)] for start, end in regions(size, count)]


class AdaptiveMaxPool2d(AdaptivePooling):
    """Largest element of each of output_size regions: region i is [floor(i * size / n), ceil((i + 1) * size / n)).

    With `return_indices` the second output has the position of each maximum in its map, row * W + column (int64).
    """

    name: ClassVar[str] = "adaptive_max_pool2d"
    reference: ClassVar[str] = "torch.nn.AdaptiveMaxPool2d"

    return_indices: bool = Field(False, description="Whether the positions of the maxima are a second output.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        made = super().infer(*operands)
        return (*made, TensorType(made[0].shape, "int64")) if self.return_indices else made

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        size = scalar(self.output_size)
        kwargs = self.changed("return_indices")
        return TorchLowering(call("F.adaptive_max_pool2d", X, output_size=size, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        if self.output_size == (1, 1) and not self.return_indices:
            return [b.node("GlobalMaxPool", inputs[0])]
        # All elements of each region side by side: [N, C, H' * W', region].
        width = operands[0].shape[2]
        rows, columns = (_members(s, n) for s, n in zip(operands[0].shape[1:], self.output_size, strict=True))
        table = [[r * width + c for r in row for c in column] for row in rows for column in columns]
        flat = b.node("Reshape", inputs[0], b.constant([0, 0, -1]))
        members = b.node("Gather", flat, b.constant(table), axis=2)
        shape = b.constant([0, 0, *self.output_size])
        made = b.node("Reshape", b.node("ReduceMax", members, b.constant([3]), keepdims=0), shape)
        if not self.return_indices:
            return [made]
        place = b.node("ArgMax", members, axis=3, keepdims=0)
        offset = b.constant([len(table[0]) * i for i in range(len(table))])
        found = b.node("Gather", b.constant([p for row in table for p in row]), b.node("Add", place, offset))
        return [made, b.node("Reshape", found, shape)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"output_size": 1}, (IMAGE,)),
            Sample({"output_size": (4, 3)}, (IMAGE,)),
            Sample({"output_size": (2, 9), "return_indices": True}, (IMAGE,)),
        ]


def _members(size: int, count: int) -> list[list[int]]:
    """The elements of each region of an axis; shorter regions repeat their last element, which changes no maximum."""
    cut = regions(size, count)
    longest = max(end - start for start, end in cut)
    return [[min(start + k, end - 1) for k in range(longest)] for start, end in cut]


class MaxUnpool2d(Operator):
    """Inverse of max pooling: each element goes to the position its maximum came from, all others are 0.

    Reads the pooled value and the positions that `max_pool2d` gives with `return_indices`.
    """

    name: ClassVar[str] = "max_unpool2d"
    family: ClassVar[str] = "pooling"
    operands: ClassVar[tuple[str, ...]] = ("x", "indices")
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "arXiv:1511.00561; torch.nn.MaxUnpool2d"

    kernel_size: Size2 = Field(description="Height and width of the pooling's window.")
    stride: Size2 | None = Field(None, description="Distance between two windows; by default kernel_size.")
    padding: Padding2 = Field(
        (0, 0), description="What the pooling added: int, [vertical, horizontal], or `half` ((kernel_size - 1) // 2)."
    )
    output_size: Size2 | None = Field(
        None, description="Height and width of the output, where the pooling dropped some; less than a stride away."
    )

    def window(self) -> Window:
        """The pooling's window; sizes don't matter to it."""
        if self.padding == "same" or (self.padding != "half" and len(self.padding) == 4):
            message = "`max_unpool2d` takes the same padding on both sides only"
            raise OperatorError("E0308", message, "padding", "give `output_size` and no padding")
        stride = self.stride or self.kernel_size
        return Window.resolve(self.kernel_size, stride, (1, 1), self.padding, (1, 1))

    def size(self, x: TensorType) -> tuple[int, int]:
        """Height and width of the output."""
        if self.output_size:
            return self.output_size
        return self._default_size(x)

    def _default_size(self, x: TensorType) -> tuple[int, int]:
        window = self.window()
        axes = zip(x.shape[1:], window.stride, window.kernel, window.padding, strict=True)
        height, width = ((size - 1) * stride - sum(sides) + kernel for size, stride, kernel, sides in axes)
        return height, width

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        x, indices = operands
        require_form(self, x, "[N, C, H, W]", operand="x")
        require_form(self, indices, "[N, C, H, W]", dtype="int64", operand="indices")
        if x.shape != indices.shape:
            raise OperatorError("E0305", f"`max_unpool2d` reads x and indices of one shape, not {x} and {indices}")
        default, made = self._default_size(x), self.size(x)
        for usual, wanted, stride in zip(default, made, self.window().stride, strict=True):
            if abs(usual - wanted) >= stride:
                message = f"output_size={list(made)} is not within a stride of {list(default)}"
                hint = f"{max(1, usual - stride + 1)} to {usual + stride - 1}"
                raise OperatorError("E0308", message, "output_size", hint)
        require_elements(self, x, made)
        return (TensorType((x.shape[0], *made)),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """No arithmetic; the whole output is written."""
        return OpCost(reads=2 * operands[0].elements, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        window = self.window()
        kwargs: dict[str, Any] = {"kernel_size": scalar(window.kernel)}
        if window.stride != window.kernel:
            kwargs["stride"] = scalar(window.stride)
        if window.padded:
            kwargs["padding"] = window.torch_padding()
        if self.size(operands[0]) != self._default_size(operands[0]):
            kwargs["output_size"] = self.size(operands[0])
        return TorchLowering(call("F.max_unpool2d", X, Operand(1), **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        size = self.size(operands[0])
        rows = b.constant([0, 0, -1])
        x, indices = (b.node("Reshape", name, rows) for name in inputs)
        start, two, axis = b.constant([0]), b.constant([2]), b.constant([0])
        planes = b.node("Slice", b.node("Shape", inputs[0]), start, two, axis)
        zeros = b.node("Expand", b.constant(0.0, "float32"), b.node("Concat", planes, b.constant([prod(size)]), axis=0))
        made = b.node("ScatterElements", zeros, indices, x, axis=2)
        return [b.node("Reshape", made, b.constant([0, 0, *size]))]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        window = self.window()
        found = super().canonical_attributes(operands)
        size = self.size(operands[0])
        return found | {"stride": window.stride, "padding": window.canonical_padding(), "output_size": size}

    @classmethod
    def samples(cls) -> list[Sample]:
        def pooled(height: int, width: int) -> tuple[TensorType, ...]:
            return TensorType((2, height, width)), TensorType((2, height, width), "int64")

        return [
            Sample({"kernel_size": 2}, pooled(3, 4), 48),
            Sample({"kernel_size": (3, 2), "stride": 2, "padding": (1, 0)}, pooled(3, 4), 40),
            Sample({"kernel_size": 3, "stride": 2, "padding": "half"}, pooled(3, 4), 35),
            Sample({"kernel_size": 2, "output_size": (7, 8)}, pooled(3, 4), 56),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        x, indices = TensorType((2, 3, 4)), TensorType((2, 3, 4), "int64")
        return [
            ErrorCase({"kernel_size": 2}, (x, x), "E0309"),
            ErrorCase({"kernel_size": 2}, (x,), "E0210"),
            ErrorCase({"kernel_size": 2}, (x, TensorType((2, 3, 3), "int64")), "E0305"),
            ErrorCase({"kernel_size": 2}, (TensorType((2, 3)), indices), "E0301"),
            ErrorCase({"kernel_size": 2, "output_size": 9}, (x, indices), "E0308", "output_size"),
            ErrorCase({"kernel_size": 2, "padding": "same"}, (x, indices), "E0308", "padding"),
            ErrorCase({"kernel_size": 1, "stride": 2, "padding": 5}, (x, indices), "E0304", "kernel_size"),
        ]
