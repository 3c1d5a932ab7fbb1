"""The largest value of one parameter with which a network stays within budgets.

Costs mostly grow with a parameter: then the border between what fits and what doesn't is found by bisection. Values
that give no network (a group count that doesn't divide, say) are stepped over. What was counted is looked through
afterwards: where a figure fell although the value grew, the answer is the largest that was seen to fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

# How many values around one that gives no network are tried.
_TRIES = 64
_MOST_DOUBLINGS = 40

Figures = Mapping[str, int]
Evaluate = Callable[[int], Figures | None]


@dataclass(frozen=True)
class Fitted:
    """Where the border lies, in multiples of the step.

    Attributes:
        largest: the largest multiple that fits; None if none does.
        figures: what the budgets are about, there.
        beyond: the next multiple that gives a network, which doesn't fit; None if there is none.
        beyond_figures: the same figures there.
        monotone: whether no figure fell while the value grew.
        counted: networks that were counted.
    """

    largest: int | None
    figures: Figures
    beyond: int | None
    beyond_figures: Figures
    monotone: bool
    counted: int


def fit_budget(start: int, evaluate: Evaluate, budgets: Mapping[str, int]) -> Fitted:
    """Find the largest multiple of a step, at least 1, with which every figure is within its budget.

    Args:
        start: where to begin.
        evaluate: the figures at a multiple of the step; None if there is no network.
        budgets: the most of each figure.
    """
    return _Search(evaluate, budgets).run(max(1, start))


class _Search:
    def __init__(self, evaluate: Evaluate, budgets: Mapping[str, int]):
        self._evaluate = evaluate
        self.budgets = budgets
        self.known: dict[int, Figures | None] = {}

    def at(self, k: int) -> Figures | None:
        if k not in self.known:
            self.known[k] = self._evaluate(k)
        return self.known[k]

    def fits(self, k: int) -> bool:
        figures = self.at(k)
        return figures is not None and all(figures[name] <= most for name, most in self.budgets.items())

    def run(self, start: int) -> Fitted:
        begin = self._valid_near(start, 1, start + _TRIES)
        if begin is not None:
            lower, upper = self._bracket(begin)
            if lower is not None and upper is not None:
                self._bisect(lower, upper)
        return self._result()

    def _bracket(self, begin: int) -> tuple[int | None, int | None]:
        """One multiple that fits and one above it that doesn't, as far as they exist."""
        return self._upwards(begin) if self.fits(begin) else self._downwards(begin)

    def _upwards(self, begin: int) -> tuple[int, int | None]:
        lower = begin
        for power in range(_MOST_DOUBLINGS):
            k = next((k for k in range(begin + 2**power, begin + 2**power + _TRIES) if self.at(k) is not None), None)
            if k is None:
                return lower, None
            if not self.fits(k):
                return lower, k
            lower = k
        return lower, None

    def _downwards(self, begin: int) -> tuple[int | None, int]:
        upper, k = begin, begin
        while k > 1:
            found = self._valid_near(max(1, k // 2), 1, k - 1)
            if found is None:
                break
            if self.fits(found):
                return found, upper
            upper = k = found
        return None, upper

    def _bisect(self, lower: int, upper: int) -> None:
        while upper - lower > 1:
            k = self._valid_near((lower + upper) // 2, lower + 1, upper - 1)
            if k is None:
                break
            if self.fits(k):
                lower = k
            else:
                upper = k

    def _valid_near(self, middle: int, least: int, most: int) -> int | None:
        """The multiple nearest to the middle that gives a network."""
        for away in range(_TRIES):
            for k in (middle - away, middle + away):
                if least <= k <= most and self.at(k) is not None:
                    return k
        return None

    def _result(self) -> Fitted:
        valid = {k: figures for k, figures in sorted(self.known.items()) if figures is not None}
        fitting = [k for k in valid if self.fits(k)]
        largest = max(fitting, default=None)
        beyond = min((k for k in valid if largest is None or k > largest), default=None)
        ordered = list(valid.values())
        monotone = all(before[name] <= after[name] for before, after in pairwise(ordered) for name in self.budgets)
        figures = valid[largest] if largest is not None else {}
        over = valid[beyond] if beyond is not None else {}
        return Fitted(largest, figures, beyond, over, monotone, len(valid))
