"""Pooling with sliding windows."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Constant, Expr, Literal, TorchLowering, X, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PADDING2, Padding1, Padding2, PositiveInt, Size2
from archdsl.ops.rules.checks import require_elements, require_form
from archdsl.ops.rules.onnx_pad import onnx_pad
from archdsl.ops.rules.windows import Window, per_axis, scalar
from archdsl.types import TensorType

IMAGE = TensorType((3, 9, 7))
SERIES = TensorType((3, 11))
CEIL = "Whether a last window that leaves the input counts, if it starts inside."
STRIDE = "Distance between two windows; by default kernel_size."
_LOWEST = float("-inf")


class Pooling(Operator):
    """What maxima and averages over windows share."""

    family: ClassVar[str] = "pooling"
    keeps_zero: ClassVar[bool] = True
    form: ClassVar[str]
    function: ClassVar[str]

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None
    padding: int | tuple[int, ...] | str
    ceil_mode: bool

    def spacing(self) -> tuple[int, ...]:
        """Distance between two elements of a window, for each axis."""
        return (1,) * len(per_axis(self.kernel_size))

    def window(self, x: TensorType) -> Window:
        """The window over `x` with every shorthand resolved."""
        kernel = per_axis(self.kernel_size)
        stride = kernel if self.stride is None else per_axis(self.stride)
        return Window.resolve(kernel, stride, self.spacing(), self.padding, x.shape[1:])

    def pads_itself(self, window: Window) -> bool:
        """Whether torch's function can pad: the same on both sides, at most half of the kernel (dilation aside)."""
        halves = [max(sides) <= kernel // 2 for sides, kernel in zip(window.padding, window.kernel, strict=True)]
        return window.symmetric and all(halves)

    def rounds_up(self) -> bool:
        """ceil_mode, which changes nothing for `same`."""
        return self.ceil_mode and self.padding != "same"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, self.form)
        window = self.window(x)
        for sides, extent, kernel in zip(window.padding, window.extents, window.kernel, strict=True):
            if 2 * max(sides) > extent:
                message = f"padding={max(sides)} is more than half of the window, kernel_size={kernel}"
                raise OperatorError("E0308", message, "padding", f"at most {extent // 2}")
        if self.rounds_up() and not self.pads_itself(window):
            message = "ceil_mode goes with the same padding on both sides only, at most half of kernel_size"
            raise OperatorError("E0308", message, "ceil_mode")
        spatial = window.outputs(self.rounds_up())
        require_elements(self, x, spatial)
        return (TensorType((x.shape[0], *spatial)),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One per element of the window and output."""
        made = outputs[0].elements
        return OpCost(
            elementwise=prod(per_axis(self.kernel_size)) * made,
            reads=operands[0].elements,
            writes=sum(output.elements for output in outputs),
        )

    def torch_arguments(self, window: Window) -> dict[str, Constant]:
        """Arguments of torch's function, without padding where it can't pad itself."""
        kwargs: dict[str, Constant] = {"kernel_size": scalar(window.kernel)}
        if window.stride != window.kernel:
            kwargs["stride"] = scalar(window.stride)
        if self.pads_itself(window) and window.padded:
            kwargs["padding"] = window.torch_padding()
        return kwargs | ({"ceil_mode": True} if self.rounds_up() else {})

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        window = self.window(operands[0])
        found = super().canonical_attributes(operands)
        found["stride"] = window.stride if len(window.stride) > 1 else window.stride[0]
        return found | {"padding": window.canonical_padding(), "ceil_mode": self.rounds_up()}


class MaxPooling(Pooling):
    """Largest element of each window; padding never wins."""

    dilation: int | tuple[int, ...]
    return_indices: bool = Field(False, description="Whether the positions of the maxima are a second output.")

    def spacing(self) -> tuple[int, ...]:
        return per_axis(self.dilation)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        made = super().infer(*operands)
        return (*made, TensorType(made[0].shape, "int64")) if self.return_indices else made

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        window = self.window(operands[0])
        kwargs = self.torch_arguments(window)
        if set(window.dilation) != {1}:
            kwargs["dilation"] = scalar(window.dilation)
        native = self.pads_itself(window)
        if self.return_indices and not native:
            return TorchLowering(self._padded_with_positions(window))
        if self.return_indices:
            kwargs["return_indices"] = True
        x: Expr = X
        if not native:
            x = call("F.pad", X, Literal(window.flat_padding(), "padding"), value=Literal(_LOWEST))
        return TorchLowering(call(self.function, x, **kwargs))

    def _padded_with_positions(self, window: Window) -> Expr:
        raise NotImplementedError

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        # ONNX rounds up otherwise than torch does: the last window's overhang becomes padding.
        window = self.window(operands[0])
        over = window.overhang(self.rounds_up())
        padding = tuple((before, after + more) for (before, after), more in zip(window.padding, over, strict=True))
        settings = {"kernel_shape": window.kernel, "strides": window.stride, "dilations": window.dilation}
        x = inputs[0]
        # ONNX Runtime takes no padding as large as the kernel, which dilation allows.
        native = all(max(sides) < k for sides, k in zip(padding, window.kernel, strict=True))
        if native:
            pads = [before for before, _ in padding] + [after for _, after in padding]
            settings["pads"] = tuple(pads)
        else:
            x = onnx_pad(b, x, padding, fill=_LOWEST)
        if not self.return_indices:
            return [b.node("MaxPool", x, **settings)]
        made, flat = b.nodes("MaxPool", x, outputs=2, **settings)
        return [made, _positions(b, flat, window.sizes, ((0, 0),) * len(padding) if native else padding)]


def _positions(b: OnnxBuilder, flat: str, sizes: tuple[int, ...], padding: Sequence[tuple[int, int]]) -> str:
    """Positions in one unpadded map, from ONNX's positions in all padded maps of the batch."""
    padded = [size + sum(sides) for size, sides in zip(sizes, padding, strict=True)]
    rest = b.node("Mod", flat, b.constant(prod(padded)))
    if not any(map(any, padding)):
        return rest
    column = b.node("Sub", b.node("Mod", rest, b.constant(padded[-1])), b.constant(padding[-1][0]))
    if len(sizes) == 1:
        return column
    row = b.node("Sub", b.node("Div", rest, b.constant(padded[-1])), b.constant(padding[0][0]))
    return b.node("Add", b.node("Mul", row, b.constant(sizes[-1])), column)


class MaxPool1d(MaxPooling):
    """Largest element of each window along one axis; padding never wins."""

    name: ClassVar[str] = "max_pool1d"
    reference: ClassVar[str] = "torch.nn.MaxPool1d"
    form: ClassVar[str] = "[N, C, L]"
    function: ClassVar[str] = "F.max_pool1d"

    kernel_size: PositiveInt = Field(description="Length of the window.")
    stride: PositiveInt | None = Field(None, description=STRIDE)
    padding: Padding1 = Field(0, description="Elements added at both ends: int, [left, right], `half` or `same`.")
    ceil_mode: bool = Field(False, description=CEIL)
    dilation: PositiveInt = Field(1, description="Distance between two elements of a window.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        made = super().infer(*operands)
        if self.return_indices and not self.pads_itself(self.window(operands[0])):
            message = "return_indices goes with the same padding on both sides only, at most half of kernel_size"
            raise OperatorError("E0308", message, "padding")
        return made

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"kernel_size": 3}, (SERIES,)),
            Sample({"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True}, (SERIES,)),
            Sample({"kernel_size": 2, "stride": 2, "padding": "same"}, (SERIES,)),
            Sample({"kernel_size": 3, "stride": 1, "padding": "half", "return_indices": True}, (SERIES,)),
            Sample({"kernel_size": 3, "dilation": 2, "padding": (2, 0)}, (SERIES,)),
            Sample({"kernel_size": 3, "dilation": 2, "padding": "half"}, (SERIES,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        uneven = {"kernel_size": 3, "padding": (1, 0), "return_indices": True}
        return [
            ErrorCase({"kernel_size": 3}, (IMAGE,), "E0301"),
            ErrorCase({"kernel_size": 12}, (SERIES,), "E0304", "kernel_size"),
            ErrorCase(uneven, (SERIES,), "E0308", "padding"),
        ]


class MaxPool2d(MaxPooling):
    """Largest element of each window; padding never wins.

    With `return_indices` the second output has the position of each maximum in its map, row * W + column (int64).
    """

    name: ClassVar[str] = "max_pool2d"
    reference: ClassVar[str] = "torch.nn.MaxPool2d"
    form: ClassVar[str] = "[N, C, H, W]"
    function: ClassVar[str] = "F.max_pool2d"

    kernel_size: Size2 = Field(description="Height and width of the window.")
    stride: Size2 | None = Field(None, description=STRIDE)
    padding: Padding2 = Field((0, 0), description=PADDING2.replace("Zeros", "Minus infinity"))
    ceil_mode: bool = Field(False, description=CEIL)
    dilation: Size2 = Field((1, 1), description="Distance between two elements of a window.")

    def _padded_with_positions(self, window: Window) -> Expr:
        kwargs: dict[str, Constant] = {
            "kernel_size": window.kernel,
            "stride": window.stride,
            "padding": window.flat_padding(),
        }
        if set(window.dilation) != {1}:
            kwargs["dilation"] = window.dilation
        return call("support.max_pool2d_with_positions", X, **kwargs)

    @classmethod
    def samples(cls) -> list[Sample]:
        x = (IMAGE,)
        return [
            Sample({"kernel_size": 2}, x),
            Sample({"kernel_size": 3, "stride": 2, "padding": 1}, x),
            Sample({"kernel_size": (3, 2), "stride": (1, 3), "ceil_mode": True, "return_indices": True}, x),
            Sample({"kernel_size": 3, "stride": 2, "padding": "same"}, (TensorType((3, 8, 6)),)),
            Sample({"kernel_size": 2, "stride": 1, "padding": "same", "return_indices": True}, x),
            Sample({"kernel_size": 2, "stride": 2, "padding": "half", "dilation": 2}, x),
            Sample({"kernel_size": 3, "stride": 2, "padding": "half", "dilation": 2}, x),
            Sample({"kernel_size": 2, "stride": 1, "dilation": 4, "padding": 2, "return_indices": True}, x),
            Sample({"kernel_size": 2, "stride": 1, "dilation": 3, "padding": (2, 0, 1, 2), "return_indices": True}, x),
            Sample({"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}, x),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        x = (IMAGE,)
        return [
            ErrorCase({"kernel_size": 3}, (TensorType((3, 9)),), "E0301"),
            ErrorCase({"kernel_size": 3}, (TensorType((3, 9, 7), "int64"),), "E0309"),
            ErrorCase({"kernel_size": 8}, x, "E0304", "kernel_size"),
            ErrorCase({"kernel_size": 3, "padding": 2}, x, "E0308", "padding"),
            ErrorCase({"kernel_size": 3, "padding": (0, 1, 0, 0), "ceil_mode": True}, x, "E0308", "ceil_mode"),
        ]
