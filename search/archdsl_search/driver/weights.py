"""Trained weights of the best trials stay, those of the others go: `keep` of the evaluators that train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from archdsl_search.driver.spending import Spending
from archdsl_search.evaluators.keeping import WEIGHTS
from archdsl_search.evaluators.plan import EvaluatorPlan
from archdsl_search.evaluators.training import TrainingOptions
from archdsl_search.journal.records import Result
from archdsl_search.outcome import State
from archdsl_search.pareto import crowding, fronts
from archdsl_search.sweep.parts import Parts

Values = tuple[float, ...]


class WeightsKeeper:
    """Watches a run, and removes the weights of trials that are not among its best by the objective.

    Evaluations know neither the objective nor what other evaluators measure; so they write their weights, and what is
    too much goes when the result has been journaled. Weights of running trials stay. After a crash the results of the
    journal are seen again, and with them what was left.

    Args:
        trials: the folder that holds the trials' folders.
        keep: so many stay.
    """

    def __init__(self, trials: Path, keep: int):
        self._trials = trials
        self._keep = keep
        self._kept: dict[int, Values | None] = {}

    def on_result(self, result: Result) -> None:
        """A trial has ended, now or in an earlier session: its weights stay, or those of a worse one go."""
        if not result.paid or not self._path(result.trial).is_file():
            return
        self._kept[result.trial] = result.objective if result.state is State.FINISHED else None
        for trial in ranked(self._kept)[self._keep :]:
            del self._kept[trial]
            self._remove(self._path(trial))

    def on_tick(self, running: int, spending: Spending) -> None:
        """Nothing: weights come with results."""

    def _path(self, trial: int) -> Path:
        return self._trials / f"{trial:06d}" / WEIGHTS

    def _remove(self, path: Path) -> None:
        with suppress(OSError):  # gone already, or a disk that is in trouble: the search goes on
            path.unlink()
            path.parent.rmdir()  # unless something else was kept


def ranked(trials: Mapping[int, Values | None]) -> list[int]:
    """Trials from the best to the worst, by the values of their objectives; those that have none come last.

    With several objectives, front by front as in NSGA-II: first those that nothing beats; within a front, those with
    the most room around them, and trials that equal an earlier one last. Of equals the earlier comes first.
    """
    finished = {trial: values for trial, values in sorted(trials.items()) if values is not None}
    without = sorted(trials.keys() - finished.keys())
    if all(len(values) == 1 for values in finished.values()):
        return [*sorted(finished, key=lambda trial: (-finished[trial][0], trial)), *without]
    numbers, points = list(finished), list(finished.values())
    return [*(n for front in fronts(points) for n in _by_room({numbers[i]: points[i] for i in front})), *without]


def _by_room(front: Mapping[int, Values]) -> Iterator[int]:
    first: dict[Values, int] = {}
    for trial, values in front.items():
        first.setdefault(values, trial)
    room = dict(zip(first.values(), crowding(list(first)), strict=True))
    yield from sorted(room, key=lambda trial: (-room[trial], trial))
    yield from (trial for trial in front if trial not in room)


def weights_keeper(parts: Parts, run: Path) -> WeightsKeeper | None:
    """What the sweep asks for; None if no weights are written, or all are to stay."""
    wanted = list(_wanted(parts.plan))
    numbers = [keep for keep in wanted if keep != "all"]
    if len(numbers) < len(wanted) or not any(numbers):
        return None
    return WeightsKeeper(run / "trials", max(numbers))


def _wanted(plan: EvaluatorPlan) -> Iterator[int | Literal["all"]]:
    if isinstance(plan.settings, TrainingOptions):
        yield plan.settings.keep
    for other in plan.also:
        yield from _wanted(other)
