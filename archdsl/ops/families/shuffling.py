"""The same elements in another order: channel and pixel shuffles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Literal, TorchLowering, X, call, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PositiveInt
from archdsl.ops.rules.checks import require_divisor, require_form
from archdsl.types import TensorType


class Shuffle(Operator):
    """Every element is copied to another place."""

    family: ClassVar[str] = "shape"
    keeps_zero: ClassVar[bool] = True

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        return OpCost(reads=operands[0].elements, writes=outputs[0].elements)


class ChannelShuffle(Shuffle):
    """Channels dealt out anew: channel j of group i becomes channel i of group j."""

    name: ClassVar[str] = "channel_shuffle"
    reference: ClassVar[str] = "arXiv:1707.01083, section 3.1; torch.nn.functional.channel_shuffle"

    groups: PositiveInt = Field(description="Number of groups the channels stand in; divides the channels.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        if x.rank == 0:
            raise OperatorError("E0301", f"`channel_shuffle` needs channels, and {x} has none")
        require_divisor(self.groups, x.shape[0], "groups", "channels")
        return operands

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        dealt = method(X, "unflatten", 1, Literal((self.groups, -1), "shape"))
        return TorchLowering(method(method(dealt, "transpose", 1, 2), "flatten", 1, 2))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        channels, *rest = operands[0].shape
        inner = -1 if rest else 1
        dealt = b.node("Reshape", inputs[0], b.constant([0, self.groups, channels // self.groups, inner]))
        swapped = b.node("Transpose", dealt, perm=[0, 2, 1, 3])
        if not rest:
            return [b.node("Reshape", swapped, b.constant([0, channels]))]
        shape = b.node("Shape", inputs[0])
        return [b.node("Reshape", swapped, shape)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"groups": 3}, (TensorType((12, 2, 3)),)),
            Sample({"groups": 2}, (TensorType((6,), "int64"),)),
            Sample({"groups": 1}, (TensorType((6, 2)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"groups": 5}, (TensorType((12, 2, 3)),), "E0302", "groups"),
            ErrorCase({"groups": 1}, (TensorType(()),), "E0301"),
        ]


class PixelShuffle(Shuffle):
    """Channels become pixels: [C * r * r, H, W] to [C, r * H, r * W]."""

    name: ClassVar[str] = "pixel_shuffle"
    reference: ClassVar[str] = "arXiv:1609.05158; torch.nn.functional.pixel_shuffle"

    upscale_factor: PositiveInt = Field(description="r: by how much height and width grow.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, "[N, C, H, W]", dtype=None)
        r = self.upscale_factor
        channels, height, width = x.shape
        if channels % (r * r):
            message = f"upscale_factor={r} needs a multiple of {r * r} channels, {x} has {channels}"
            raise OperatorError("E0302", message, "upscale_factor")
        return (TensorType((channels // (r * r), r * height, r * width), x.dtype),)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call("F.pixel_shuffle", X, upscale_factor=self.upscale_factor))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("DepthToSpace", inputs[0], blocksize=self.upscale_factor, mode="CRD")]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"upscale_factor": 2}, (TensorType((8, 3, 2)),)),
            Sample({"upscale_factor": 1}, (TensorType((2, 3, 2)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"upscale_factor": 2}, (TensorType((6, 3, 2)),), "E0302", "upscale_factor"),
            ErrorCase({"upscale_factor": 2}, (TensorType((8, 3)),), "E0301"),
        ]


class PixelUnshuffle(Shuffle):
    """Pixels become channels: [C, r * H, r * W] to [C * r * r, H, W]; the inverse of `pixel_shuffle`."""

    name: ClassVar[str] = "pixel_unshuffle"
    reference: ClassVar[str] = "torch.nn.functional.pixel_unshuffle"

    downscale_factor: PositiveInt = Field(description="r: by how much height and width shrink; divides both.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, "[N, C, H, W]", dtype=None)
        r = self.downscale_factor
        channels, height, width = x.shape
        require_divisor(r, height, "downscale_factor", "height")
        require_divisor(r, width, "downscale_factor", "width")
        return (TensorType((channels * r * r, height // r, width // r), x.dtype),)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call("F.pixel_unshuffle", X, downscale_factor=self.downscale_factor))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        # SpaceToDepth puts the channels last in its order, torch puts them first.
        channels, height, width = operands[0].shape
        r = self.downscale_factor
        blocks = b.node("Reshape", inputs[0], b.constant([0, channels, height // r, r, width // r, r]))
        ordered = b.node("Transpose", blocks, perm=[0, 1, 3, 5, 2, 4])
        return [b.node("Reshape", ordered, b.constant([0, channels * r * r, height // r, width // r]))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"downscale_factor": 2}, (TensorType((3, 4, 6)),)),
            Sample({"downscale_factor": 1}, (TensorType((2, 3, 2)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"downscale_factor": 2}, (TensorType((3, 5, 6)),), "E0302", "downscale_factor"),
            ErrorCase({"downscale_factor": 2}, (TensorType((3, 4, 5)),), "E0302", "downscale_factor"),
            ErrorCase({"downscale_factor": 2}, (TensorType((8, 4)),), "E0301"),
        ]
