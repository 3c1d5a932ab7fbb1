"""Axes: linear ones with round numbers, logarithmic ones where a figure spans decades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_TICKS = 5
# From this ratio of largest to smallest on, an axis is logarithmic.
_DECADES = 8.0


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, drawn from `start` to `end` in pixels; values beyond are drawn at its ends."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    @staticmethod
    def around(
        values: Iterable[float], start: float, end: float, room: float = 0.05, logarithmic: bool = False
    ) -> Scale:
        """An axis on which all values lie; `logarithmic` if they span decades and are positive."""
        found = list(values)
        low, high = min(found), max(found)
        if logarithmic and low > 0 and high / low > _DECADES:
            spare = room * (log10(high) - log10(low))
            return Scale(10 ** (log10(low) - spare), 10 ** (log10(high) + spare), start, end, True)
        spare = room * (high - low) or abs(high) * 0.05 or 1.0
        return Scale(low - spare, high + spare, start, end)

    def at(self, value: float) -> float:
        """Where a value lies."""
        low, high = self._of(self.low), self._of(self.high)
        part = (self._of(min(max(value, self.low), self.high)) - low) / (high - low)
        return round(self.start + part * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[Tick]:
        """Round numbers, about five."""
        if self.logarithmic:
            powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
            factors = (1,) if len(powers) > _TICKS else (1, 2, 5)
            values = [f * 10.0**p for p in powers for f in factors if self.low <= f * 10.0**p <= self.high]
        else:
            step = _round_step((self.high - self.low) / _TICKS)
            first = ceil(self.low / step)
            values = [n * step for n in range(first, floor(self.high / step) + 1)]
        texts = [number_text(value) for value in values]
        if len(set(texts)) < len(texts):  # a narrow range far from zero
            texts = [f"{value:.10g}" for value in values]
        return [Tick(self.at(value), text) for value, text in zip(values, texts, strict=True)]

    def _of(self, value: float) -> float:
        return log10(value) if self.logarithmic else value


def _round_step(wanted: float) -> float:
    power = 10.0 ** floor(log10(wanted))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted * 0.999)


def number_text(value: float) -> str:
    """`12345678` as `12.3 M`, `0.91234` as `0.9123`."""
    for size, prefix in _PREFIXES:
        if abs(value) >= size:
            return f"{value / size:.3g} {prefix}"
    text = f"{value:.4g}"
    return text if "e" not in text else f"{value:.2g}"


def seconds_text(seconds: float) -> str:
    """`12.3 s`, `5 min 20 s`, `3 h 05 min`, `2 d 4 h`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
    if seconds < 86400:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
    return f"{seconds // 86400:.0f} d {seconds % 86400 // 3600:.0f} h"
