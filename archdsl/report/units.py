"""Numbers and shapes as people read them. Exact numbers are in the JSON forms."""

from __future__ import annotations

from collections.abc import Sequence

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def human(number: int) -> str:
    """`4089184256` as `4.09 G`; numbers under a thousand exactly. Powers of 1000, two digits after the point."""
    if abs(number) < 1000:
        return str(number)
    value, power = float(number), 0
    # What would be rounded up to 1000.00 belongs to the next prefix.
    while abs(value) >= 999.995 and power < len(_PREFIXES) - 1:
        value /= 1000
        power += 1
    return f"{value:.2f} {_PREFIXES[power]}"


def human_bytes(number: int) -> str:
    """`9633792` as `9.63 MB`."""
    return f"{human(number)}B" if abs(number) >= 1000 else f"{number} B"


def human_shape(shape: Sequence[int]) -> str:
    """`(64, 56, 56)` as `64 x 56 x 56`; a single number is `scalar`."""
    return " x ".join(map(str, shape)) if shape else "scalar"


def human_seconds(seconds: float) -> str:
    """`0.00123` as `1.23 ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
