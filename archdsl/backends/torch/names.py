"""Names of classes, parameters and local variables in generated code."""

from __future__ import annotations

import builtins
import keyword
import re
from heapq import heappop, heappush

# What generated text refers to besides its own names.
IMPORTED = frozenset({"torch", "nn", "F", "Tensor", "math", "self", "super", "build", "layer"})
RESERVED = IMPORTED | frozenset(keyword.kwlist) | frozenset(dir(builtins))

_IDENTIFIER = re.compile(r"[A-Za-z]\w*", re.ASCII)


def plain_name(wanted: str, fallback: str, reserved: frozenset[str] = RESERVED) -> str:
    """`wanted` as a lower-case identifier that hides nothing the generated text refers to."""
    name = wanted if _IDENTIFIER.fullmatch(wanted) else fallback
    return f"{name}_" if name in reserved else name


def class_name(cell: str) -> str:
    """`conv_bn_act` as `ConvBnAct`."""
    name = "".join([word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", cell)])
    return name if name[:1].isalpha() else f"Network{name}"


class NamePool:
    """Hands out names; a name that is taken gets the smallest free number behind it: `x`, `x_2`, `x_3`."""

    def __init__(self, reserved: frozenset[str] = frozenset()):
        self._taken = set(reserved)
        self._last: dict[str, int] = {}
        self._free: dict[str, list[tuple[int, str]]] = {}
        self._base: dict[str, tuple[str, int]] = {}
        self.ever: set[str] = set()

    def take(self, base: str, separator: str = "_") -> str:
        """A free name made from `base`."""
        number, name = self._next(base, separator)
        self._taken.add(name)
        self._base[name] = (base, number)
        self.ever.add(name)
        return name

    def _next(self, base: str, separator: str) -> tuple[int, str]:
        free = self._free.get(base)
        while free:
            number, name = heappop(free)
            if name not in self._taken:
                return number, name
        while True:
            number = self._last[base] = self._last.get(base, 0) + 1
            name = base if number == 1 else f"{base}{separator}{number}"
            if name not in self._taken:
                return number, name

    def release(self, name: str) -> None:
        """Make a name free again."""
        self._taken.discard(name)
        base, number = self._base[name]
        heappush(self._free.setdefault(base, []), (number, name))
