"""Logarithmic axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

_PREFIXES = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_MOST_TICKS = 7


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class LogScale:
    """A logarithmic axis from `low` to `high`, drawn from `start` to `end` (in pixels, either way round)."""

    low: float
    high: float
    start: float
    end: float

    @staticmethod
    def around(values: Iterable[float], start: float, end: float, room: float = 0.12) -> LogScale:
        """An axis on which all values (greater than 0) lie, with room at both ends, at least a third of a decade."""
        logs = [log10(value) for value in values]
        low, high = min(logs), max(logs)
        spare = max(room * (high - low), (1 / 3 - (high - low)) / 2, 0.04)
        return LogScale(10 ** (low - spare), 10 ** (high + spare), start, end)

    def at(self, value: float) -> float:
        """Where a value lies."""
        part = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return round(self.start + part * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[Tick]:
        """Powers of ten, or 1, 2 and 5 times them where they are few; not more than there is room for."""
        low, high = log10(self.low), log10(self.high)
        powers = range(floor(low), ceil(high) + 1)
        factors = (1,) if high - low > 2.2 else (1, 2, 5) if high - low > 0.6 else (1, 1.5, 2, 3, 4, 5, 6, 8)
        values = [f * 10.0**p for p in powers for f in factors if self.low <= f * 10.0**p <= self.high]
        step = ceil(len(values) / _MOST_TICKS)
        return [Tick(self.at(value), tick_text(value)) for value in values[::step]]


def tick_text(value: float) -> str:
    """`10000000` as `10 M`; from 0.001 to 1 as decimals."""
    if 1e-3 <= value < 1:
        return f"{value:g}"
    power = 3 * floor((log10(value) + 1e-9) / 3)
    power = min(max(power, -9), 18)
    return f"{value / 10.0**power:.3g} {_PREFIXES[power]}".rstrip()
