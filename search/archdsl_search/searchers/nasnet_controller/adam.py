"""Adam (arXiv:1412.6980) on parts of one array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

import numpy as np

from archdsl_search.searchers.nasnet_controller.weights import Array

# Numbers that are taken at a time: what a step touches of them stays in a core's cache.
STRIDE = 1 << 15


class Adam:
    """Steps that make an objective larger. Each part counts its own steps: weights of decisions that are met late
    begin late."""

    def __init__(self, rate: float):
        self.rate = rate
        self._first: Array = np.zeros(0)
        self._second: Array = np.zeros(0)
        self._steps: dict[int, int] = {}

    def climb(self, values: Array, gradient: Array, parts: Sequence[slice]) -> None:
        """One step along a gradient.

        Args:
            values: changed in place.
            gradient: like the values.
            parts: those of both that have a gradient.
        """
        if len(self._first) < len(values):
            more = (0, len(values) - len(self._first))
            self._first = np.pad(self._first, more).astype(values.dtype)
            self._second = np.pad(self._second, more).astype(values.dtype)
        for start, stop, steps in self._runs(parts):
            for begin in range(start, stop, STRIDE):
                now = slice(begin, min(begin + STRIDE, stop))
                self._climb(values[now], gradient[now], self._first[now], self._second[now], steps)

    def _runs(self, parts: Sequence[slice]) -> Iterator[tuple[int, int, int]]:
        """Parts side by side that have taken the same number of steps, this one counted."""
        begin = end = steps = -1
        for part in sorted(parts, key=lambda part: part.start):
            now = self._steps[part.start] = self._steps.get(part.start, 0) + 1
            if part.start != end or now != steps:
                if begin >= 0:
                    yield begin, end, steps
                begin, steps = part.start, now
            end = part.stop
        if begin >= 0:
            yield begin, end, steps

    def _climb(self, values: Array, gradient: Array, first: Array, second: Array, steps: int) -> None:
        change = gradient * 0.1
        first *= 0.9
        first += change
        np.multiply(gradient, 0.001, change)
        change *= gradient
        second *= 0.999
        second += change
        np.sqrt(second, change)
        change /= sqrt(1 - 0.999**steps)
        change += 1e-8
        np.divide(first, change, change)
        change *= self.rate / (1 - 0.9**steps)
        values += change
