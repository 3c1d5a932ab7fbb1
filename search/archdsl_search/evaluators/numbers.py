"""What of an evaluation's metrics is a number."""

from __future__ import annotations


def number(value: object) -> float | None:
    """The value as a float, finite or not: numbers of any library, and tensors of one; None for all else."""
    if isinstance(value, str | bytes | bool):
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except Exception:  # anything may have a `__float__`
        return None
