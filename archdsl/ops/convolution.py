"""Convolutions along one or two axes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar, Literal

from pydantic import Field

from archdsl.ops.attributes import PADDING2, Padding1, Padding2, PositiveInt, Size2
from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.checks import require_divisor, require_elements, require_form
from archdsl.ops.initialization import BIAS_INIT, INIT, ConvInit, VectorInit, inits
from archdsl.ops.lowering import Call, Constant, Expr, Literal as Value, Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.padding import PadMode, onnx_pad
from archdsl.ops.windows import Window, per_axis, scalar
from archdsl.types import TensorType


class Convolution(Operator):
    """What convolutions along one and two axes share."""

    family: ClassVar[str] = "convolution"
    form: ClassVar[str]
    module: ClassVar[str]

    out_channels: PositiveInt = Field(description="Channels of the output.")
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...] | str
    dilation: int | tuple[int, ...]
    groups: PositiveInt = Field(1, description="Groups of channels that don't see each other; divides both counts.")
    bias: bool = Field(True, description="Whether a learned number per channel is added.")
    padding_mode: PadMode = Field("zeros", description="What the padding is filled with.")
    init: ConvInit | None = Field(None, description=INIT)
    bias_init: VectorInit | None = Field(None, description=BIAS_INIT)

    def window(self, x: TensorType) -> Window:
        """The window over `x` with every shorthand resolved."""
        sizes = (per_axis(v) for v in (self.kernel_size, self.stride, self.dilation))
        kernel, stride, dilation = sizes
        return Window.resolve(kernel, stride, dilation, self.padding, x.shape[1:])

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, self.form)
        require_divisor(self.groups, x.shape[0], "groups", "in_channels")
        require_divisor(self.groups, self.out_channels, "groups", "out_channels")
        window = self.window(x)
        self._check_padding_mode(window)
        require_elements(self, x, window.outputs())
        return (TensorType((self.out_channels, *window.outputs())),)

    def _check_padding_mode(self, window: Window) -> None:
        longest = {"reflect": -1, "circular": 0}.get(self.padding_mode)
        for sides, size in zip(window.padding, window.sizes, strict=True):
            if longest is not None and max(sides) > size + longest:
                most = size + longest
                message = f"padding_mode={self.padding_mode} cannot add {max(sides)} elements to an axis of {size}"
                raise OperatorError("E0308", message, "padding", f"at most {most}")

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        kernel = per_axis(self.kernel_size)
        found = [WeightSpec("weight", (self.out_channels, operands[0].shape[0] // self.groups, *kernel))]
        if self.bias:
            found.append(WeightSpec("bias", (self.out_channels,)))
        return tuple(found)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Per output element: in_channels / groups * window multiply-adds, and one addition for the bias."""
        made = outputs[0].elements
        work = made * (operands[0].shape[0] // self.groups) * prod(per_axis(self.kernel_size))
        return OpCost(work, made if self.bias else 0, operands[0].elements, made)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        (x,) = operands
        window = self.window(x)
        kwargs: dict[str, Constant] = {"in_channels": x.shape[0], "out_channels": self.out_channels}
        kwargs["kernel_size"] = scalar(window.kernel)
        if set(window.stride) != {1}:
            kwargs["stride"] = scalar(window.stride)
        operand: Expr = X
        if not window.symmetric:
            operand = _padded(window, self.padding_mode)
        elif window.padded:
            kwargs["padding"] = window.torch_padding()
        if set(window.dilation) != {1}:
            kwargs["dilation"] = scalar(window.dilation)
        kwargs |= self.changed("groups", "bias")
        if window.symmetric:
            kwargs |= self.changed("padding_mode")
        started = inits({"weight": self.init, "bias": self.bias_init if self.bias else None})
        return TorchLowering(call(Module(), operand), leaf(self.module, started, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        window = self.window(operands[0])
        x, pads = inputs[0], window.onnx_padding()
        if self.padding_mode != "zeros" and window.padded:
            x, pads = onnx_pad(b, x, window, self.padding_mode), [0] * len(pads)
        weights = [b.weight("weight"), *([b.weight("bias")] if self.bias else [])]
        made = b.node(
            "Conv",
            x,
            *weights,
            kernel_shape=window.kernel,
            strides=window.stride,
            dilations=window.dilation,
            pads=pads,
            group=self.groups,
        )
        return [made]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        found = super().canonical_attributes(operands)
        found["padding"] = self.window(operands[0]).canonical_padding()
        return found


def _padded(window: Window, mode: PadMode) -> Call:
    pad = Value(window.flat_padding(), "padding")
    return call("F.pad", X, pad) if mode == "zeros" else call("F.pad", X, pad, mode=mode)
