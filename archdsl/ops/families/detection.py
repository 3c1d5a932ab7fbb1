"""Boxes over a feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, Sample
from archdsl.ops.families.structural import expanded
from archdsl.ops.lowering import Literal, TorchLowering, X, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PositiveFloat, Size2
from archdsl.ops.rules.checks import require_form
from archdsl.types import TensorType

if TYPE_CHECKING:
    import numpy as np

LEVEL = TensorType((2, 3, 4))


class Anchors(Operator):
    """Boxes [x1, y1, x2, y2] in pixels around every position of a map, [C, H, W] to [H * W * A, 4].

    A = len(ratios) * len(scales). Positions go row by row; at each one come all scales of the first ratio, then those
    of the next. A box has the area (size * scale)^2, its sides are rounded as torchvision rounds them; the middle of
    the box at row i and column j is (j * stride, i * stride).
    """

    name: ClassVar[str] = "anchors"
    family: ClassVar[str] = "detection"
    reference: ClassVar[str] = "arXiv:1708.02002, section 4; torchvision.models.detection.anchor_utils.AnchorGenerator"

    size: PositiveFloat = Field(description="Side of the square box of scale 1, in pixels of the image.")
    ratios: tuple[PositiveFloat, ...] = Field((1.0,), min_length=1, description="Ratios height / width.")
    scales: tuple[PositiveFloat, ...] = Field((1.0,), min_length=1, description="Factors of `size`.")
    stride: Size2 = Field(description="Pixels of the image from one position to the next: [vertical, horizontal].")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, "[N, C, H, W]")
        _, height, width = x.shape
        return (TensorType((height * width * len(self.ratios) * len(self.scales), 4)),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One addition per number."""
        return OpCost(elementwise=outputs[0].elements, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        ratios, scales = Literal(self.ratios, "ratios"), Literal(self.scales, "scales")
        size, stride = Literal(self.size, "size"), Literal(self.stride, "stride")
        return TorchLowering(call("support.anchors", X, size=size, ratios=ratios, scales=scales, stride=stride))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        boxes = self.boxes(operands[0])
        return [expanded(b, b.constant(boxes, "float32"), inputs[0], boxes.shape)]

    def boxes(self, x: TensorType) -> np.ndarray[Any, Any]:
        """The boxes, [H * W * A, 4], computed in float32 as torch does."""
        import numpy as np

        side = np.array([self.size * scale for scale in self.scales], dtype=np.float32)
        root = np.sqrt(np.array(self.ratios, dtype=np.float32))
        heights = np.outer(root, side).ravel()
        widths = np.outer(np.float32(1) / root, side).ravel()
        around = np.round(np.stack([-widths, -heights, widths, heights], axis=1) / np.float32(2))
        rows = np.arange(x.shape[1], dtype=np.float32) * np.float32(self.stride[0])
        columns = np.arange(x.shape[2], dtype=np.float32) * np.float32(self.stride[1])
        top, left = np.meshgrid(rows, columns, indexing="ij")
        corners = np.stack([left, top, left, top], axis=-1).reshape(-1, 1, 4)
        made: np.ndarray[Any, Any] = (corners + around).reshape(-1, 4)
        return made

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"size": 32, "ratios": [0.5, 1.0, 2.0], "scales": [1.0, 1.26, 1.587], "stride": 8}, (LEVEL,)),
            Sample({"size": 10.5, "stride": [4, 16]}, (LEVEL,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"size": 32, "stride": 8}, (TensorType((3, 4)),), "E0301"),
            ErrorCase({"size": 32, "stride": 8}, (TensorType((2, 3, 4), "int64"),), "E0309"),
        ]
