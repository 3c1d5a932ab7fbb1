"""Convolutions along one or two axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Call, Constant, Expr, Literal, Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PADDING2, Padding1, Padding2, PositiveInt, Size2
from archdsl.ops.rules.checks import require_divisor, require_elements, require_form
from archdsl.ops.rules.initialization import BIAS_INIT, INIT, ConvInit, VectorInit, inits
from archdsl.ops.rules.onnx_pad import PadMode, onnx_pad
from archdsl.ops.rules.windows import Window, per_axis, scalar
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
        # `same` with a stride pads by the size of the input; outside the leaf, so that maps of several sizes can
        # share one set of weights.
        outside = not window.symmetric or (self.padding == "same" and window.padded and set(window.stride) != {1})
        if outside:
            operand = _padded(window, self.padding_mode)
        elif window.padded:
            kwargs["padding"] = window.torch_padding()
        if set(window.dilation) != {1}:
            kwargs["dilation"] = scalar(window.dilation)
        kwargs |= self.changed("groups", "bias")
        if not outside:
            kwargs |= self.changed("padding_mode")
        started = inits({"weight": self.init, "bias": self.bias_init if self.bias else None})
        return TorchLowering(call(Module(), operand), leaf(self.module, started, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        window = self.window(operands[0])
        x, pads = inputs[0], window.onnx_padding()
        if self.padding_mode != "zeros" and window.padded:
            x, pads = onnx_pad(b, x, window.padding, self.padding_mode), [0] * len(pads)
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
    pad = Literal(window.flat_padding(), "padding")
    return call("F.pad", X, pad) if mode == "zeros" else call("F.pad", X, pad, mode=mode)


IMAGE = TensorType((8, 9, 7))


class Conv1d(Convolution):
    """Convolution along one axis: y[o, t] = b[o] + sum over i, k of w[o, i, k] * x[i, t * stride + k * dilation]."""

    name: ClassVar[str] = "conv1d"
    form: ClassVar[str] = "[N, C, L]"
    module: ClassVar[str] = "nn.Conv1d"
    reference: ClassVar[str] = "torch.nn.Conv1d"

    kernel_size: PositiveInt = Field(description="Length of the window.")
    stride: PositiveInt = Field(1, description="Distance between two windows.")
    padding: Padding1 = Field(
        0, description="Elements added at both ends: int, [left, right], `half` or `same` (see conv2d)."
    )
    dilation: PositiveInt = Field(1, description="Distance between two elements of a window.")

    @classmethod
    def samples(cls) -> list[Sample]:
        x = (TensorType((6, 13)),)
        common = {"out_channels": 4, "kernel_size": 4}
        return [
            Sample({"out_channels": 5, "kernel_size": 3}, x),
            Sample({**common, "stride": 3, "padding": 2, "bias": False, "init": "orthogonal"}, x),
            Sample({**common, "dilation": 2, "padding": "half", "groups": 2, "bias_init": 0.5}, x),
            Sample({**common, "stride": 2, "padding": "same"}, x),
            Sample({**common, "padding": (3, 0), "padding_mode": "circular"}, x),
            Sample({**common, "padding": 3, "padding_mode": "reflect"}, x),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"out_channels": 4, "kernel_size": 3}, (IMAGE,), "E0301"),
            ErrorCase({"out_channels": 4, "kernel_size": 5}, (TensorType((3, 4)),), "E0304", "kernel_size"),
        ]


class Conv2d(Convolution):
    """Convolution over height and width: y[o] = b[o] + sum over i of w[o, i] cross-correlated with x[i].

    Height and width become floor((size + padding - dilation * (kernel_size - 1) - 1) / stride) + 1.
    """

    name: ClassVar[str] = "conv2d"
    form: ClassVar[str] = "[N, C, H, W]"
    module: ClassVar[str] = "nn.Conv2d"
    reference: ClassVar[str] = "torch.nn.Conv2d"

    kernel_size: Size2 = Field(description="Height and width of the window.")
    stride: Size2 = Field((1, 1), description="Distance between two windows.")
    padding: Padding2 = Field((0, 0), description=PADDING2)
    dilation: Size2 = Field((1, 1), description="Distance between two elements of a window.")

    @classmethod
    def samples(cls) -> list[Sample]:
        x = (IMAGE,)
        common = {"out_channels": 6, "kernel_size": 3}
        return [
            Sample(common, x),
            Sample({**common, "kernel_size": (1, 3), "stride": (2, 1), "padding": (0, 1), "bias": False}, x),
            Sample({**common, "padding": "half", "dilation": 2, "groups": 2, "init": "kaiming_normal"}, x),
            Sample({**common, "out_channels": 8, "groups": 8, "padding": 1, "bias_init": "zeros"}, x),
            Sample({**common, "kernel_size": 4, "stride": 2, "padding": "same", "bias_init": -2}, x),
            Sample({**common, "kernel_size": 5, "padding": "same", "init": "dirac"}, x),
            Sample({**common, "padding": (2, 0, 1, 3), "padding_mode": "reflect"}, x),
            Sample({**common, "padding": 2, "padding_mode": "replicate", "init": 0.25}, x),
            Sample({**common, "padding": (7, 1, 0, 2), "padding_mode": "circular"}, x),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        x = (IMAGE,)
        common = {"out_channels": 6, "kernel_size": 3}
        return [
            ErrorCase(common, (TensorType((8, 9)),), "E0301"),
            ErrorCase(common, (TensorType((8, 9, 7), "int64"),), "E0309"),
            ErrorCase({**common, "groups": 3}, x, "E0302", "groups"),
            ErrorCase({**common, "groups": 4}, x, "E0302", "groups"),
            ErrorCase({**common, "kernel_size": 8}, x, "E0304", "kernel_size"),
            ErrorCase({**common, "padding": 7, "padding_mode": "reflect"}, x, "E0308", "padding"),
            ErrorCase({**common, "padding": (8, 0, 0, 0), "padding_mode": "circular"}, x, "E0308", "padding"),
            ErrorCase({**common, "out_channels": 10**12}, x, "E0905"),
            ErrorCase({**common, "padding": 10**12}, x, "E0905"),
        ]
