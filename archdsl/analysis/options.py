"""Which form of a network is counted: what an inference engine would merge, and in which kind of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

CostDType = Literal["float32", "bfloat16", "float16", "int8"]
COST_DTYPES: tuple[CostDType, ...] = get_args(CostDType)

# Bytes of one floating-point element when the network is stored and run in this type. Integers stay int64.
FLOAT_BYTES: dict[CostDType, int] = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}


@dataclass(frozen=True, slots=True)
class CostOptions:
    """How the network is thought to be run.

    Attributes:
        fold_batch_norm: batch norms that read a convolution or linear layer which nobody else reads are part of its
            weights: the layer gets a bias if it had none, the norm costs nothing. Inference only.
        fuse: activations, batch norms and additions whose operand comes from a convolution or linear layer and has
            no other reader are done before that operand is written: it is never in memory. Inference only.
        dtype: in what parameters, buffers and activations are stored; counts only in figures in bytes.

    Raises:
        ValueError: for an unknown dtype.
    """

    fold_batch_norm: bool = False
    fuse: bool = False
    dtype: CostDType = "float32"

    def __post_init__(self) -> None:
        if self.dtype not in COST_DTYPES:
            raise ValueError(f"dtype is one of {', '.join(COST_DTYPES)}, not {self.dtype!r}")

    @property
    def merges(self) -> bool:
        """Whether nodes are merged into others."""
        return self.fold_batch_norm or self.fuse

    @property
    def float_bytes(self) -> int:
        """Bytes of a floating-point element."""
        return FLOAT_BYTES[self.dtype]

    def require_inference(self, training: bool) -> None:
        """Raises ValueError if nodes are to be merged in a network that is trained."""
        if training and self.merges:
            raise ValueError("fold_batch_norm and fuse are for inference; training keeps every layer apart")
