"""From how an evaluation ended to what is journaled: objective, constraints, numbers that are none."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from archdsl_search.engines.base import Ending
from archdsl_search.evaluators.numbers import number
from archdsl_search.objectives.base import MetricError, Objective
from archdsl_search.objectives.constraints import QUANTITIES, Bound, violation
from archdsl_search.outcome import State


class Verdict(NamedTuple):
    """What became of an evaluation."""

    state: State
    values: tuple[float, ...] | None
    metrics: Mapping[str, float]
    error: str


def judge(ending: Ending, objective: Objective[Any], constraints: Mapping[str, Bound]) -> Verdict:
    """Only finite numbers count. One that the objective or a constraint reads and that is none, is a failure.

    So is a metric that is not there, but for those that the graph tells: they were bounded before the evaluation.
    """
    metrics, useless = _numbers(ending.metrics)
    if ending.state is not State.FINISHED:
        return Verdict(ending.state, None, metrics, ending.error or str(ending.state))
    for name in (*objective.metrics, *constraints):
        if name in useless:
            return Verdict(State.FAILED, None, metrics, f"the metric `{name}` is {useless[name]}, not a finite number")
    try:
        values = objective.values(metrics)
    except (MetricError, ArithmeticError, ValueError) as error:
        return Verdict(State.FAILED, None, metrics, str(error))
    if not all(isinstance(value, int | float) and isfinite(value) for value in values):
        return Verdict(State.FAILED, None, metrics, f"the objective is {values}, not finite")
    for name in constraints:
        if name not in metrics and name not in QUANTITIES:
            there = ", ".join(sorted(metrics))
            message = f"a constraint bounds `{name}`, which was not measured; measured: {there}"
            return Verdict(State.FAILED, None, metrics, message)
    broken = violation(constraints, metrics)
    if broken:
        return Verdict(State.INFEASIBLE, None, metrics, broken)
    return Verdict(State.FINISHED, tuple([float(value) for value in values]), metrics, "")


def _numbers(metrics: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    """The finite numbers, as floats; and the others, as people read them."""
    good: dict[str, float] = {}
    useless: dict[str, str] = {}
    for name, value in metrics.items():
        found = number(value)
        if found is not None and isfinite(found):
            good[str(name)] = found
        else:
            useless[str(name)] = repr(value)[:80]
    return good, useless
