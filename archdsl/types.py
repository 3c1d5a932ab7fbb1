"""Types of the values in a graph: the shape of one sample and the kind of its elements."""

from __future__ import annotations

from math import prod
from typing import Literal, NamedTuple

DType = Literal["float32", "int64"]
DTYPES: tuple[DType, ...] = ("float32", "int64")

# Bytes of one element; the analysis of other precisions scales float32.
ELEMENT_BYTES: dict[DType, int] = {"float32": 4, "int64": 8}


class TensorType(NamedTuple):
    """Shape and element kind of one sample: the batch dimension N is implicit and always first.

    `TensorType((64, 28, 28))` describes a tensor of shape [N, 64, 28, 28].
    """

    shape: tuple[int, ...]
    dtype: DType = "float32"

    @property
    def elements(self) -> int:
        """Elements of one sample."""
        return prod(self.shape)

    @property
    def rank(self) -> int:
        """Dimensions of one sample, N not counted."""
        return len(self.shape)

    def __str__(self) -> str:
        dims = ", ".join(["N", *map(str, self.shape)])
        return f"[{dims}]" if self.dtype == "float32" else f"[{dims}] {self.dtype}"
