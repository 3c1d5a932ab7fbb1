"""Padding of trailing axes in ONNX, with the fillings that torch has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from archdsl.ops.onnx import OnnxBuilder

PadMode: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]

_END = 2**31 - 1


def onnx_pad(
    b: OnnxBuilder,
    x: str,
    padding: Sequence[tuple[int, int]],
    mode: PadMode = "zeros",
    fill: float = 0.0,
    first: int = 2,
) -> str:
    """`x` with elements added around the axes from `first` on (N is 0): (before, after) for each axis.

    Negative numbers crop, in mode `zeros` only. `fill` is what `zeros` writes.
    """
    if mode == "circular":
        for axis, sides in enumerate(padding, first):
            x = _circular(b, x, axis, *sides)
        return x
    pads = b.constant([before for before, _ in padding] + [after for _, after in padding])
    axes = b.constant(list(range(first, first + len(padding))))
    if mode == "zeros":
        return b.node("Pad", x, pads, b.constant(fill, "float32"), axes, mode="constant")
    return b.node("Pad", x, pads, "", axes, mode="reflect" if mode == "reflect" else "edge")


def _circular(b: OnnxBuilder, x: str, axis: int, before: int, after: int) -> str:
    parts = [x]
    if before:
        parts.insert(0, b.node("Slice", x, b.constant([-before]), b.constant([_END]), b.constant([axis])))
    if after:
        parts.append(b.node("Slice", x, b.constant([0]), b.constant([after]), b.constant([axis])))
    return b.node("Concat", *parts, axis=axis) if len(parts) > 1 else x
