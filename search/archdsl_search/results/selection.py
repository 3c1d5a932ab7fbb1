"""Which trials are the best: by the objective, or those that nothing beats in everything."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl_search.errors import SearchError
from archdsl_search.journal.records import Result
from archdsl_search.pareto import first_front
from archdsl_search.results.run import Run
from archdsl_search.schedule import last_stage

# For a run with one objective: what it is weighed against on a front, the first of these that was measured.
PRICES = ("latency", "mult_adds", "params")


def best(run: Run, count: int = 1, remeasured: bool = False) -> list[Result]:
    """The trials with the largest first objective value, each candidate once; the earlier of equals first.

    Args:
        remeasured: go by the means of what was measured again; candidates that were not are left out.
    """
    if remeasured:
        again = [result for result in distinct(run.finished) if result.identity in run.remeasured]
        return sorted(again, key=lambda r: (-run.remeasured[r.identity].values[0], r.trial))[:count]
    return distinct(sorted(last_stage(run.finished), key=lambda r: (-_first(r), r.trial)))[:count]


def trial_or_best(run: Run, trial: int | None) -> Result:
    """The trial of this number, or the best one.

    Raises:
        SearchError: if it has not finished.
    """
    found = best(run) if trial is None else [result for result in run.finished if result.trial == trial]
    if found:
        return found[0]
    what = "no trial has finished yet" if trial is None else f"trial {trial} has no result of its own"
    raise SearchError(f"{run.folder}: {what}")


def pareto(run: Run, axes: Sequence[str] = ()) -> list[Result]:
    """The trials that no other one beats, each candidate once, the best by the first axis first.

    Args:
        axes: metrics, those to be small with a minus before them; by default the run's objectives, or, where it has
            but one, that and the first of `PRICES` that was measured.

    Raises:
        SearchError: if a metric was not measured, or there is nothing to weigh the one objective against.
    """
    candidates = distinct(last_stage(run.finished))
    chosen = axes or default_axes(run)
    points = [axis_values(run, result, chosen) for result in candidates]
    front = sorted(first_front(points), key=lambda i: (tuple(-v for v in points[i]), candidates[i].trial))
    # Two candidates with the same values: one of them is enough.
    seen: dict[tuple[float, ...], Result] = {}
    for i in front:
        seen.setdefault(points[i], candidates[i])
    return list(seen.values())


def default_axes(run: Run) -> tuple[str, ...]:
    """The axes of the front; empty where the run's own objectives are meant.

    Raises:
        SearchError: if there is one objective and nothing to weigh it against.
    """
    if len(run.labels) > 1 or not run.finished:
        return ()
    price = next((name for name in PRICES if all(name in r.metrics for r in run.finished)), None)
    if price is None:
        raise SearchError(
            "the run has one objective, and none of latency, mult_adds and params was measured: a front needs two; "
            "name metrics with --axes"
        )
    return (OBJECTIVE, f"-{price}")


OBJECTIVE = "objective"


def axis_values(run: Run, result: Result, axes: Sequence[str]) -> tuple[float, ...]:
    """A trial's place: one number for each axis, larger is better; no axes are the run's objectives.

    Raises:
        SearchError: if a metric was not measured.
    """
    assert result.objective is not None  # finished
    if not axes:
        return result.objective
    values = []
    for axis in axes:
        name = axis.removeprefix("-")
        if name != OBJECTIVE and name not in result.metrics:
            there = ", ".join(sorted(result.metrics))
            raise SearchError(f"`{name}` was not measured for trial {result.trial}; measured: {there}")
        value = result.objective[0] if name == OBJECTIVE else result.metrics[name]
        values.append(-value if axis.startswith("-") else value)
    return tuple(values)


def distinct(results: Sequence[Result]) -> list[Result]:
    """The first result of each identity."""
    found: dict[str, Result] = {}
    for result in results:
        found.setdefault(result.identity, result)
    return list(found.values())


def _first(result: Result) -> float:
    assert result.objective is not None  # finished
    return result.objective[0]
