"""Checks that several shape rules share. Each raises an OperatorError with the numbers and what would be right."""

from __future__ import annotations

from archdsl.ops.base import Operator, OperatorError
from archdsl.types import DType, TensorType


def require_form(op: Operator, x: TensorType, *forms: str, dtype: DType | None = "float32", operand: str = "") -> None:
    """Raises E0301 unless `x` has the rank of one of the forms (`[N, C, H, W]`), E0309 unless it has `dtype`.

    `operand` names the operand in the message, for operators with several; None as `dtype` allows both.
    """
    subject = f"`{operand}` of `{op.name}`" if operand else f"`{op.name}`"
    verb = "is" if operand else "reads"
    if x.rank not in [form.count(",") for form in forms]:
        raise OperatorError("E0301", f"{subject} {verb} {' or '.join(forms)}, not {x}")
    if dtype:
        require_dtype(op, x, dtype, operand)


def require_dtype(op: Operator, x: TensorType, dtype: DType = "float32", operand: str = "") -> None:
    """Raises E0309 unless the elements of `x` are of `dtype`."""
    if x.dtype != dtype:
        subject = f"`{operand}` of `{op.name}`" if operand else f"`{op.name}`"
        verb = "is" if operand else "reads"
        raise OperatorError("E0309", f"{subject} {verb} {dtype}, not {x.dtype}")


def dimension(dim: int, rank: int, attribute: str = "dim") -> int:
    """`dim` counted from the front, N left out.

    Args:
        dim: as the file has it; negative ones count from the end.
        rank: how many dimensions there are to point at, N not counted.

    Raises:
        OperatorError: E0306 if there is no such dimension.
    """
    if not -rank <= dim < rank:
        plural = "dimension" if rank == 1 else "dimensions"
        hint = f"{-rank} to {rank - 1}" if rank else "there is none"
        raise OperatorError(
            "E0306", f"{attribute}={dim} does not exist in {rank} {plural} (N is not counted)", attribute, hint
        )
    return dim % rank


def require_divisor(divisor: int, total: int, attribute: str, what: str) -> None:
    """Raises E0302 at `attribute` unless it divides `total`, which is called `what` in the message."""
    if total % divisor:
        raise OperatorError(
            "E0302", f"{attribute}={divisor} does not divide {what}={total}", attribute, divisors_hint(total)
        )


def divisors_hint(total: int, most: int = 12) -> str:
    """`a divisor of 64 is needed: 1, 2, 4, ...`; only divisors up to 4096 are looked for."""
    found = [d for d in range(1, min(total, 4096) + 1) if total % d == 0]
    shown = ", ".join(map(str, found[:most]))
    more = ", ..." if len(found) > most or found[-1] != total else ""
    return f"a divisor of {total} is needed: {shown}{more}"


def require_elements(op: Operator, x: TensorType, spatial: tuple[int, ...], attribute: str = "kernel_size") -> None:
    """Raises E0304 if one of the output's spatial sizes is not positive."""
    if min(spatial) < 1:
        size = " x ".join(map(str, spatial))
        raise OperatorError("E0304", f"`{op.name}` on {x} would give an output of size {size}", attribute)
