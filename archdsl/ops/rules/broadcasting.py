"""Broadcasting per sample, as numpy has it on the shapes without N.

An operand with fewer dimensions gets the missing ones in front of its own, behind N: [N, 512] beside [N, 196, 512] is
read as [N, 1, 512].
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.ops.base import Operator, OperatorError
from archdsl.ops.lowering import Expr, Item, Literal, Operand, Range
from archdsl.ops.onnx import OnnxBuilder
from archdsl.types import TensorType


def broadcast(op: Operator, operands: Sequence[TensorType], inner: int = 0) -> tuple[int, ...]:
    """Common shape of the operands; the last `inner` dimensions of each stay out of it.

    Raises:
        OperatorError: E0305 if there is none.
    """
    shape: tuple[int, ...] = ()
    for place, x in enumerate(operands):
        own = x.shape[: x.rank - inner]
        joined = _joined(shape, own)
        if joined is None:
            other = next(o for o in operands[:place] if _joined(o.shape[: o.rank - inner], own) is None)
            raise OperatorError(
                "E0305",
                f"`{op.name}` cannot bring {other} and {x} to one shape",
                hint="sizes must be equal, or one of them 1, counted from the last dimension",
            )
        shape = joined
    return shape


def _joined(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
        return None
    # Not the maximum: a dimension of no elements beside one of size 1 has none.
    return tuple(n if m == 1 else m for m, n in zip(a, b, strict=True))


def require_same_dtype(op: Operator, operands: Sequence[TensorType]) -> None:
    """Raises E0309 unless all operands hold elements of one kind."""
    for x in operands[1:]:
        if x.dtype != operands[0].dtype:
            raise OperatorError("E0309", f"`{op.name}` reads values of one element type, not {operands[0]} and {x}")


def placed(operand: Expr, missing: int, after: int = 0) -> Expr:
    """A vector per sample in PyTorch with new dimensions of size 1, `missing` behind N and `after` behind its own."""
    new = Literal(None)
    behind: tuple[Expr, ...] = (Range(), *(new,) * after) if after else ()
    return Item(operand, (Range(), *(new,) * missing, *behind))


def aligned(index: int, operands: Sequence[TensorType], rank: int) -> Expr:
    """The operand in PyTorch with `rank` dimensions behind N."""
    missing = rank - operands[index].rank
    return placed(Operand(index), missing) if missing else Operand(index)


def aligned_onnx(b: OnnxBuilder, value: str, operand: TensorType, rank: int) -> str:
    """The operand in ONNX with `rank` dimensions behind N."""
    missing = rank - operand.rank
    return b.node("Unsqueeze", value, b.constant(list(range(1, missing + 1)))) if missing else value
