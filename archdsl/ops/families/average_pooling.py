"""Averages over sliding windows and over whole maps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, Sample
from archdsl.ops.families.pooling import CEIL, IMAGE, SERIES, STRIDE, Pooling
from archdsl.ops.lowering import Expr, Literal, TorchLowering, X, call, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PADDING2, Padding1, Padding2, PositiveInt, Size2
from archdsl.ops.rules.checks import require_form
from archdsl.ops.rules.onnx_pad import onnx_pad
from archdsl.ops.rules.windows import Window
from archdsl.types import TensorType

INCLUDE = "Whether the average counts padding; by default true, but false with `same`, as in TensorFlow."


class AveragePooling(Pooling):
    """Average of each window."""

    count_include_pad: bool | None

    def counts_padding(self) -> bool:
        """count_include_pad with its default resolved."""
        return self.padding != "same" if self.count_include_pad is None else self.count_include_pad

    def divided_by(self) -> int | None:
        """The divisor, if it is given."""
        return None

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        window = self.window(operands[0])
        x: Expr = X
        kwargs = self.torch_arguments(window)
        if self.divided_by() is not None:
            kwargs["divisor_override"] = self.divided_by()
        elif window.symmetric and window.padded and not self.counts_padding():
            kwargs["count_include_pad"] = False
        elif not window.symmetric and not self.counts_padding():
            return TorchLowering(self._inside(window))
        if not window.symmetric:
            x = call("F.pad", X, Literal(window.flat_padding(), "padding"))
        return TorchLowering(call(self.function, x, **kwargs))

    def _inside(self, window: Window) -> Expr:
        kwargs = {"kernel_size": window.kernel, "stride": window.stride, "padding": window.flat_padding()}
        return call(f"support.{self.name}_inside", X, **kwargs)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        # ONNX rounds up otherwise than torch does: the last window's overhang becomes padding.
        window = self.window(operands[0])
        over = window.overhang(self.rounds_up())
        settings = {"kernel_shape": window.kernel, "strides": window.stride}
        x, divisor = inputs[0], self.divided_by()
        if divisor is not None:
            made = b.node("AveragePool", x, **settings, pads=window.onnx_padding(over), count_include_pad=1)
            return [b.node("Mul", made, b.constant(prod(window.kernel) / divisor, "float32"))]
        if self.counts_padding() and any(over):
            # The average counts padding, but no overhang: the padding becomes part of the input.
            x = onnx_pad(b, x, window.padding)
            return [b.node("AveragePool", x, **settings, pads=[0] * len(over) + list(over), count_include_pad=0)]
        include = int(self.counts_padding())
        return [b.node("AveragePool", x, **settings, pads=window.onnx_padding(over), count_include_pad=include)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        return super().canonical_attributes(operands) | {"count_include_pad": self.counts_padding()}


class AvgPool1d(AveragePooling):
    """Average of each window along one axis."""

    name: ClassVar[str] = "avg_pool1d"
    reference: ClassVar[str] = "torch.nn.AvgPool1d"
    form: ClassVar[str] = "[N, C, L]"
    function: ClassVar[str] = "F.avg_pool1d"

    kernel_size: PositiveInt = Field(description="Length of the window.")
    stride: PositiveInt | None = Field(None, description=STRIDE)
    padding: Padding1 = Field(0, description="Zeros added at both ends: int, [left, right], `half` or `same`.")
    ceil_mode: bool = Field(False, description=CEIL)
    count_include_pad: bool | None = Field(None, description=INCLUDE)

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"kernel_size": 3}, (SERIES,)),
            Sample({"kernel_size": 4, "stride": 3, "padding": 1, "ceil_mode": True}, (SERIES,)),
            Sample({"kernel_size": 4, "stride": 3, "padding": "half", "count_include_pad": False}, (SERIES,)),
            Sample({"kernel_size": 2, "stride": 2, "padding": "same"}, (SERIES,)),
            Sample({"kernel_size": 3, "padding": (1, 0)}, (SERIES,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"kernel_size": 3}, (IMAGE,), "E0301"),
            ErrorCase({"kernel_size": 12}, (SERIES,), "E0304", "kernel_size"),
            ErrorCase({"kernel_size": 3, "padding": 2}, (SERIES,), "E0308", "padding"),
        ]


class AvgPool2d(AveragePooling):
    """Average of each window: its sum over the number of its elements.

    Overhang of `ceil_mode` never counts; padding counts as `count_include_pad` says; `divisor_override` replaces the
    number.
    """

    name: ClassVar[str] = "avg_pool2d"
    reference: ClassVar[str] = "torch.nn.AvgPool2d"
    form: ClassVar[str] = "[N, C, H, W]"
    function: ClassVar[str] = "F.avg_pool2d"

    kernel_size: Size2 = Field(description="Height and width of the window.")
    stride: Size2 | None = Field(None, description=STRIDE)
    padding: Padding2 = Field((0, 0), description=PADDING2)
    ceil_mode: bool = Field(False, description=CEIL)
    count_include_pad: bool | None = Field(None, description=INCLUDE)
    divisor_override: PositiveInt | None = Field(
        None, description="What the sum is divided by; by default the number of elements."
    )

    def divided_by(self) -> int | None:
        return self.divisor_override

    @classmethod
    def samples(cls) -> list[Sample]:
        x = (IMAGE,)
        padded = {"kernel_size": 3, "stride": 2, "padding": 1}
        up = {"kernel_size": (4, 3), "stride": 3, "padding": 1, "ceil_mode": True}
        return [
            Sample({"kernel_size": 2}, x),
            Sample({"kernel_size": 1, "stride": 2}, x),
            Sample(padded, x),
            Sample({**padded, "count_include_pad": False}, x),
            Sample({**up, "padding": (2, 1)}, x),
            Sample({**up, "count_include_pad": False}, x),
            Sample({**up, "divisor_override": 5}, x),
            Sample({"kernel_size": 3, "stride": 1, "padding": "same"}, x),
            Sample({"kernel_size": (2, 3), "stride": 2, "padding": "same", "ceil_mode": True}, x),
            Sample({"kernel_size": (2, 3), "stride": 2, "padding": "same", "count_include_pad": True}, x),
            Sample({"kernel_size": 3, "padding": (1, 0, 0, 1), "divisor_override": 2}, x),
            Sample({"kernel_size": 4, "stride": 2, "padding": "half"}, x),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"kernel_size": 3}, (TensorType((3, 9)),), "E0301"),
            ErrorCase({"kernel_size": 3}, (TensorType((3, 9, 7), "int64"),), "E0309"),
            ErrorCase({"kernel_size": (1, 8)}, (IMAGE,), "E0304", "kernel_size"),
            ErrorCase({"kernel_size": 3, "padding": 2}, (IMAGE,), "E0308", "padding"),
        ]


class GlobalAvgPool2d(Operator):
    """Average of each map: [C, H, W] becomes [C]."""

    name: ClassVar[str] = "global_avg_pool2d"
    family: ClassVar[str] = "pooling"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "arXiv:1312.4400, section 3.2; torch.mean"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_form(self, operands[0], "[N, C, H, W]")
        return (TensorType(operands[0].shape[:1]),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One per element read."""
        n = operands[0].elements
        return OpCost(elementwise=n, reads=n, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(method(X, "mean", (2, 3)))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Flatten", b.node("GlobalAveragePool", inputs[0]))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (IMAGE,)), Sample({}, (TensorType((5, 1, 1)),))]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [ErrorCase({}, (SERIES,), "E0301"), ErrorCase({}, (TensorType((3, 9, 7), "int64"),), "E0309")]
