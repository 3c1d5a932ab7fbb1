"""Transposed convolution: the gradient of a convolution, used to enlarge maps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar, Literal

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Constant, Expr, Item, Module, Range, TorchLowering, call, leaf
from archdsl.ops.lowering import X as OPERAND
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Padding2, PositiveInt, Size2, Size2OrZero
from archdsl.ops.rules.checks import require_divisor, require_elements, require_form
from archdsl.ops.rules.initialization import BIAS_INIT, INIT, MatrixInit, VectorInit, inits
from archdsl.ops.rules.windows import Sides, Window, scalar
from archdsl.types import TensorType

X = TensorType((4, 3, 5))


class ConvTranspose2d(Operator):
    """Transposed convolution: each input element adds its multiple of the window to the output.

    Height and width become (size - 1) * stride - padding + dilation * (kernel_size - 1) + 1 + output_padding, where
    padding is cropped from both ends. `same` gives size * stride, as in TensorFlow.
    """

    name: ClassVar[str] = "conv_transpose2d"
    family: ClassVar[str] = "convolution"
    reference: ClassVar[str] = "arXiv:1603.07285; torch.nn.ConvTranspose2d"

    out_channels: PositiveInt = Field(description="Channels of the output.")
    kernel_size: Size2 = Field(description="Height and width of the window.")
    stride: Size2 = Field((1, 1), description="Distance between the windows of two neighbours.")
    padding: Padding2 = Field(
        (0, 0),
        description="Cropped from the output: int, [vertical, horizontal], [left, right, top, bottom], `half` "
        "(dilation * (kernel_size - 1) // 2), or `same` (the output has size * stride).",
    )
    output_padding: Size2OrZero = Field((0, 0), description="Added at the bottom and right; below stride or dilation.")
    groups: PositiveInt = Field(1, description="Groups of channels that don't see each other; divides both counts.")
    bias: bool = Field(True, description="Whether a learned number per channel is added.")
    dilation: Size2 = Field((1, 1), description="Distance between two elements of a window.")
    padding_mode: Literal["zeros"] = Field("zeros", description="torch has no other mode here.")
    init: MatrixInit | None = Field(None, description=INIT)
    bias_init: VectorInit | None = Field(None, description=BIAS_INIT)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, "[N, C, H, W]")
        require_divisor(self.groups, x.shape[0], "groups", "in_channels")
        require_divisor(self.groups, self.out_channels, "groups", "out_channels")
        if self.padding == "same" and any(self.output_padding):
            raise OperatorError("E0308", "padding=same and output_padding both set the size", "output_padding")
        for added, stride, dilation in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if added >= max(stride, dilation):
                message = f"output_padding={added} reaches stride={stride} and dilation={dilation}"
                hint = f"at most {max(stride, dilation) - 1}"
                raise OperatorError("E0308", message, "output_padding", hint)
        sizes = self._sizes(x)
        require_elements(self, x, sizes)
        return (TensorType((self.out_channels, *sizes)),)

    def _crop(self, x: TensorType) -> tuple[tuple[Sides, ...], tuple[int, ...]]:
        """What is cropped before and after each axis, and what is added behind it."""
        window = Window.resolve(self.kernel_size, self.stride, self.dilation, self.padding, x.shape[1:])
        if self.padding != "same":
            return window.padding, self.output_padding
        # The gradient of a `same` convolution, whose padding is extent - stride where the sizes divide.
        totals = [extent - stride for extent, stride in zip(window.extents, self.stride, strict=True)]
        cropped = tuple((max(0, t) // 2, max(0, t) - max(0, t) // 2) for t in totals)
        return cropped, tuple(max(0, -t) for t in totals)

    def _sizes(self, x: TensorType) -> tuple[int, ...]:
        cropped, added = self._crop(x)
        axes = zip(x.shape[1:], self.stride, self.dilation, self.kernel_size, cropped, added, strict=True)
        return tuple((size - 1) * s + d * (k - 1) + 1 - sum(c) + a for size, s, d, k, c, a in axes)

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        found = [WeightSpec("weight", (operands[0].shape[0], self.out_channels // self.groups, *self.kernel_size))]
        if self.bias:
            found.append(WeightSpec("bias", (self.out_channels,)))
        return tuple(found)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Per input element: out_channels / groups * window multiply-adds; one addition per output for the bias."""
        (x,) = operands
        work = x.elements * (self.out_channels // self.groups) * prod(self.kernel_size)
        made = outputs[0].elements
        return OpCost(work, made if self.bias else 0, x.elements, made)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        (x,) = operands
        cropped, added = self._crop(x)
        least = [min(sides) for sides in cropped]
        kwargs: dict[str, Constant] = {"in_channels": x.shape[0], "out_channels": self.out_channels}
        kwargs["kernel_size"] = scalar(self.kernel_size)
        settings = {"stride": (self.stride, 1), "padding": (least, 0), "output_padding": (added, 0)}
        for name, (values, default) in settings.items():
            if set(values) != {default}:
                kwargs[name] = scalar(values)
        kwargs |= self.changed("groups", "bias")
        if set(self.dilation) != {1}:
            kwargs["dilation"] = scalar(self.dilation)
        result: Expr = call(Module(), OPERAND)
        # torch crops both ends alike: what one end loses beyond that is cut off afterwards.
        more = [(before - both, after - both) for (before, after), both in zip(cropped, least, strict=True)]
        if any(map(any, more)):
            result = Item(result, (Range(), Range(), *(Range(b or None, -a or None) for b, a in more)))
        started = inits({"weight": self.init, "bias": self.bias_init if self.bias else None})
        return TorchLowering(result, leaf("nn.ConvTranspose2d", started, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        cropped, added = self._crop(operands[0])
        made = b.node(
            "ConvTranspose",
            inputs[0],
            *[b.weight("weight"), *([b.weight("bias")] if self.bias else [])],
            kernel_shape=self.kernel_size,
            strides=self.stride,
            dilations=self.dilation,
            pads=[before for before, _ in cropped] + [after for _, after in cropped],
            output_padding=added,
            group=self.groups,
        )
        return [made]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        cropped, added = self._crop(operands[0])
        (top, bottom), (left, right) = cropped
        symmetric = top == bottom and left == right
        found = super().canonical_attributes(operands)
        return found | {
            "padding": (top, left) if symmetric else (left, right, top, bottom),
            "output_padding": added,
        }

    @classmethod
    def samples(cls) -> list[Sample]:
        common = {"out_channels": 6, "kernel_size": 3}
        return [
            Sample({"out_channels": 2, "kernel_size": 2, "stride": 2, "init": "xavier_uniform"}, (X,)),
            Sample({**common, "padding": 1, "stride": 2, "output_padding": 1, "bias": False}, (X,)),
            Sample({**common, "groups": 2, "dilation": (1, 2), "padding": "half", "bias_init": 1}, (X,)),
            Sample({**common, "kernel_size": 4, "stride": (1, 2), "padding": "same"}, (X,)),
            Sample({**common, "kernel_size": (1, 2), "stride": 3, "padding": "same"}, (X,)),
            Sample({**common, "kernel_size": 4, "padding": (2, 1, 0, 1), "stride": 2}, (X,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        common = {"out_channels": 6, "kernel_size": 3}
        return [
            ErrorCase(common, (TensorType((4,)),), "E0301"),
            ErrorCase({**common, "groups": 3}, (X,), "E0302", "groups"),
            ErrorCase({**common, "groups": 4}, (X,), "E0302", "groups"),
            ErrorCase({**common, "padding": 9}, (X,), "E0304", "kernel_size"),
            ErrorCase({**common, "output_padding": 1}, (X,), "E0308", "output_padding"),
            ErrorCase({**common, "stride": 2, "padding": "same", "output_padding": 1}, (X,), "E0308", "output_padding"),
        ]
