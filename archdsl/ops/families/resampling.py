"""Images brought to another size."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Constant, TorchLowering, X, call
from archdsl.ops.onnx import Attribute, OnnxBuilder
from archdsl.ops.rules.attributes import LARGEST, Size2
from archdsl.ops.rules.checks import require_form
from archdsl.types import TensorType

if TYPE_CHECKING:
    import numpy as np

IMAGE = TensorType((3, 4, 5))

# Multiplications and additions for one element: of two and of four neighbours along each axis.
OPERATIONS = {"nearest": 0, "bilinear": 7, "bicubic": 35}


def _pair(value: Any) -> Any:
    """One factor for both directions."""
    return (value, value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Factor = Annotated[float, Field(gt=0, lt=LARGEST)]


class Interpolate(Operator):
    """The image at another size, [C, H, W] to [C, h, w].

    The size is given, or floor(factor * size) with a factor; then it is the factor that the positions are computed
    from, as in PyTorch without `recompute_scale_factor`.
    """

    name: ClassVar[str] = "interpolate"
    family: ClassVar[str] = "resampling"
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.nn.functional.interpolate"

    size: Size2 | None = Field(None, description="Height and width of the result; or give `scale_factor`.")
    scale_factor: Annotated[tuple[Factor, Factor], BeforeValidator(_pair)] | None = Field(
        None, description="By how much height and width grow: a number, or [vertical, horizontal]; or give `size`."
    )
    mode: Literal["nearest", "bilinear", "bicubic"] = Field(
        "nearest", description="The nearest pixel, or a polynomial through 2 or 4 pixels along each axis."
    )
    align_corners: bool = Field(
        False, description="Whether the centres of the corner pixels stay in the corners; not with mode nearest."
    )

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, "[N, C, H, W]")
        if (self.size is None) == (self.scale_factor is None):
            count = "neither" if self.size is None else "both"
            raise OperatorError("E0308", f"`interpolate` takes `size` or `scale_factor`, and got {count}", "size")
        if self.mode == "nearest" and self.align_corners:
            raise OperatorError("E0308", "mode=nearest has no corners to align", "align_corners", "leave it out")
        height, width = self._resized(x)
        if height < 1 or width < 1:
            message = f"scale_factor={list(self.scale_factor or ())} makes {x} {height} x {width}"
            raise OperatorError("E0304", message, "scale_factor")
        return (TensorType((x.shape[0], height, width)),)

    def _resized(self, x: TensorType) -> tuple[int, int]:
        if self.size is not None:
            return self.size
        assert self.scale_factor is not None
        vertical, horizontal = self.scale_factor
        return floor(x.shape[1] * vertical), floor(x.shape[2] * horizontal)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        made = outputs[0].elements
        return OpCost(elementwise=OPERATIONS[self.mode] * made, reads=operands[0].elements, writes=made)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        kwargs: dict[str, Constant] = {"size": self.size} if self.size else {"scale_factor": self.scale_factor}
        if self.mode != "nearest":
            kwargs["align_corners"] = self.align_corners
        return TorchLowering(call("F.interpolate", X, mode=self.mode, **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (x,) = operands
        made = self._resized(x)
        if self.mode == "nearest":
            return [self._nearest_onnx(b, inputs[0], x, made)]
        kwargs: dict[str, Attribute] = {"mode": "linear" if self.mode == "bilinear" else "cubic"}
        kwargs["coordinate_transformation_mode"] = "align_corners" if self.align_corners else "half_pixel"
        if self.mode == "bicubic":
            kwargs["cubic_coeff_a"] = -0.75
        return [self._resize(b, inputs[0], x, made, kwargs)]

    def _resize(
        self, b: OnnxBuilder, value: str, x: TensorType, made: tuple[int, int], kwargs: dict[str, Attribute]
    ) -> str:
        if self.scale_factor is None:
            return b.node("Resize", value, "", "", b.constant(made), axes=[2, 3], **kwargs)
        factors = [_float32_factor(*of) for of in zip(self.scale_factor, x.shape[1:], made, strict=True)]
        return b.node("Resize", value, "", b.constant(factors, "float32"), axes=[2, 3], **kwargs)

    def _nearest_onnx(self, b: OnnxBuilder, value: str, x: TensorType, made: tuple[int, int]) -> str:
        """Resize where the ratios are whole numbers; else the rows and columns that torch would take, by number.

        Runtimes divide where torch multiplies, which for some other ratios rounds to another pixel.
        """
        factors = self.scale_factor or tuple(n / size for n, size in zip(made, x.shape[1:], strict=True))
        if all(factor >= 1 and factor == int(factor) for factor in factors):
            nearest: dict[str, Attribute] = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
            return self._resize(b, value, x, made, {"mode": "nearest", **nearest})
        for axis in (0, 1):
            size, wanted = x.shape[1 + axis], made[axis]
            taken = _nearest(size, wanted, self.scale_factor[axis] if self.scale_factor else None)
            value = b.node("Gather", value, b.constant(taken), axis=2 + axis)
        return value

    @classmethod
    def samples(cls) -> list[Sample]:
        found = [
            Sample({"size": 7}, (IMAGE,)),
            Sample({"size": [8, 10]}, (IMAGE,)),
            Sample({"scale_factor": 2}, (IMAGE,)),
            Sample({"scale_factor": [1.7, 0.6]}, (IMAGE,)),
            # Rounds to another pixel where one divides by the factor.
            Sample({"size": [48, 2]}, (TensorType((1, 39, 2)),)),
        ]
        for mode in ("bilinear", "bicubic"):
            for align in (False, True):
                shared = {"mode": mode, "align_corners": align}
                found.append(Sample({"size": [3, 9], **shared}, (IMAGE,)))
                found.append(Sample({"size": 1, **shared}, (IMAGE,)))
                found.append(Sample({"scale_factor": [1.5, 0.7], **shared}, (IMAGE,)))
        return [*found, Sample({"scale_factor": 2.3, "mode": "bilinear"}, (TensorType((2, 10, 3)),))]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (IMAGE,), "E0308", "size"),
            ErrorCase({"size": 3, "scale_factor": 2}, (IMAGE,), "E0308", "size"),
            ErrorCase({"size": 3, "align_corners": True}, (IMAGE,), "E0308", "align_corners"),
            ErrorCase({"scale_factor": 0.2}, (IMAGE,), "E0304", "scale_factor"),
            ErrorCase({"size": 3}, (TensorType((4, 5)),), "E0301"),
            ErrorCase({"size": 3}, (TensorType((3, 4, 5), "int64"),), "E0309"),
        ]


def _nearest(size: int, wanted: int, factor: float | None) -> np.ndarray[Any, Any]:
    """The positions that torch's nearest neighbour takes, in its float32 arithmetic."""
    import numpy as np

    if wanted in (size, 2 * size):
        whole: np.ndarray[Any, Any] = np.arange(wanted) * size // wanted
        return whole
    step = np.float32(1.0 / factor) if factor else np.float32(size) / np.float32(wanted)
    taken: np.ndarray[Any, Any] = np.floor(np.arange(wanted, dtype=np.float32) * step).astype(np.int64)
    return taken.clip(max=size - 1)


def _float32_factor(factor: float, size: int, wanted: int) -> float:
    """The float32 next to `factor` with which the size comes out as wanted, however it is rounded on the way."""
    import numpy as np

    near = np.float32(factor)
    while int(float(near) * size) < wanted:
        near = np.nextafter(near, np.float32(np.inf))
    return float(near)
