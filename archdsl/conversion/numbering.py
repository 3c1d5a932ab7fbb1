"""Names that count: `layer1`, `layer2`; `conv2d_3b`; `0`, `1`, `2`."""

from __future__ import annotations

import re
from functools import lru_cache

# `3x3` is the size of a kernel and counts nothing; a single letter after a number does (`5b`, `5c`).
_PART = re.compile(r"(?P<size>\d+x\d+)|(?P<number>\d+)(?P<letter>[a-z](?![a-z]))?", re.ASCII)
_DIGITS = 15


@lru_cache(maxsize=1 << 16)
def series(name: str) -> tuple[str, tuple[int, ...]]:
    """The series that a name belongs to and its place there; names without numbers are alone.

    >>> series("layer12"), series("branch7x7_2"), series("Mixed_5b")
    (('layer#', (12,)), ('branch7x7_#', (2,)), ('Mixed_#@', (5, 98)))
    """
    place: list[int] = []

    def blank(match: re.Match[str]) -> str:
        number = match["number"]
        if number is None or len(number) > _DIGITS:
            return match[0]
        place.append(int(number))
        if match["letter"] is None:
            return "#"
        place.append(ord(match["letter"]))
        return "#@"

    return _PART.sub(blank, name), tuple(place)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts names the way people count: 2 before 10."""
    parts = re.split(r"(\d{1,15})", name, flags=re.ASCII)
    return tuple((int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts))
