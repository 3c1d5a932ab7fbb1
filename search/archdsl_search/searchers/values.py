"""What searchers may learn from an outcome: finite numbers, or nothing."""

from __future__ import annotations

from math import isfinite

from archdsl_search.outcome import Outcome


def values_of(outcome: Outcome) -> tuple[float, ...] | None:
    """One finite number for each objective, or None: not finished, none given, or not finite."""
    if not outcome.finished or not outcome.values or not all(isfinite(v) for v in outcome.values):
        return None
    return outcome.values


def value_of(outcome: Outcome) -> float | None:
    """The first objective, larger is better; None if there is nothing to learn."""
    values = values_of(outcome)
    return None if values is None else values[0]
