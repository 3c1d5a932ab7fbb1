"""Time as a sum: a * multiply-adds + b * memory access + c * nodes, with coefficients that are not negative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple


class Work(NamedTuple):
    """What a network does in one forward pass over a batch."""

    mult_adds: int
    memory_access: int
    nodes: int


@dataclass(frozen=True)
class LinearModel:
    """Coefficients in seconds."""

    per_mult_add: float
    per_element: float
    per_node: float

    def seconds(self, work: Work) -> float:
        """The predicted time of one forward pass."""
        coefficients = (self.per_mult_add, self.per_element, self.per_node)
        return sum(c * w for c, w in zip(coefficients, work, strict=True))


def fit(work: Sequence[Work], seconds: Sequence[float]) -> LinearModel:
    """The coefficients with the least sum of squared relative errors.

    Raises:
        ValueError: without measurements, or with times that are not positive.
    """
    return LinearModel(*nonnegative_relative(work, seconds))


def nonnegative_relative(work: Sequence[tuple[float, ...]], seconds: Sequence[float]) -> tuple[float, ...]:
    """Coefficients of each column, none negative, with the least sum of squared relative errors.

    With few columns every set of positive coefficients is tried: the best solution whose coefficients are all positive
    is the optimum of the constrained problem.

    Raises:
        ValueError: without measurements, or with times that are not positive.
    """
    import numpy as np

    if not work or len(work) != len(seconds) or min(seconds) <= 0:
        raise ValueError("a positive time for each network is needed")
    # Dividing each row by its time makes the errors relative.
    rows = np.array(work, dtype=float) / np.array(seconds)[:, None]
    width = rows.shape[1]
    scale = np.where(rows.max(axis=0) > 0, rows.max(axis=0), 1.0)
    target = np.ones(len(work))
    best, least = np.zeros(width), float("inf")
    for count in range(1, width + 1):
        for chosen in combinations(range(width), count):
            columns = list(chosen)
            found = np.linalg.lstsq(rows[:, columns] / scale[columns], target, rcond=None)[0]
            error = float(np.sum((rows[:, columns] / scale[columns] @ found - target) ** 2))
            if (found >= 0).all() and error < least:
                best, least = np.zeros(width), error
                best[columns] = found / scale[columns]
    return tuple(map(float, best))


def mean_relative_error(model: LinearModel, work: Sequence[Work], seconds: Sequence[float]) -> float:
    """The mean of |predicted - measured| / measured."""
    errors = [abs(model.seconds(w) / t - 1) for w, t in zip(work, seconds, strict=True)]
    return sum(errors) / len(errors)
