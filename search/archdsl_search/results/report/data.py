"""Everything that the report of a run says, as plain data; what the page, the Markdown and the JSON show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archdsl_search.errors import SearchError
from archdsl_search.journal.records import Result
from archdsl_search.outcome import State
from archdsl_search.results.report.frequencies import Group, groups_of
from archdsl_search.results.run import Run
from archdsl_search.results.selection import OBJECTIVE, axis_values, best, default_axes, pareto
from archdsl_search.schedule import last_stage

TOP = 10
_SHOWN_ERRORS = 6


@dataclass(frozen=True)
class Step:
    """The search after one more evaluation that gave a value.

    Attributes:
        number: how many evaluations were paid for by then.
        elapsed: seconds of the run by then.
        value: the first objective.
        best: the best one so far.
        mean: of the last `window` values.
    """

    number: int
    trial: int
    elapsed: float
    value: float
    best: float
    mean: float


@dataclass(frozen=True)
class Front:
    """Trials in two dimensions; larger is better in both values.

    Attributes:
        axes: what they are called, the x axis first; a minus before those that are to be small.
        points: every candidate, with the number of its trial.
        members: numbers of the trials that nothing beats.
    """

    axes: tuple[str, str]
    points: tuple[tuple[float, float, int], ...]
    members: tuple[int, ...]


@dataclass(frozen=True)
class ReportData:
    """The report of a run.

    Attributes:
        states: how many trials ended in which state; `replayed` and `running` among them.
        seconds: of all evaluations together; `elapsed` is wall time of the run.
        steps: of what can be compared: where there are stages, of the last one that was reached.
        window: evaluations over which the moving mean is taken.
        top: the best trials, by the first objective.
        front: by the run's objectives, or the one objective and its price; None if there is no second axis.
        groups: how often which option was chosen.
        errors: messages of failed and infeasible trials with their numbers, the most frequent ones.
    """

    name: str
    labels: tuple[str, ...]
    live: bool
    warning: str
    sweep: dict[str, Any]
    ended: str
    states: dict[str, int]
    evaluations: int
    seconds: float
    elapsed: float
    window: int
    steps: tuple[Step, ...]
    top: tuple[Result, ...]
    front: Front | None
    front_results: tuple[Result, ...]
    groups: tuple[Group, ...]
    top_share: int
    errors: tuple[tuple[str, int], ...]
    version: str


def report_data(run: Run) -> ReportData:
    """What there is to say of a run."""
    steps, window = _steps(run.results)
    chosen = best(run, max(TOP, _share(run)))
    front, members = _front(run)
    errors = Counter(r.error for r in run.results if r.error and r.replayed is None)
    last = run.sessions[-1] if run.sessions else None
    return ReportData(
        name=run.name,
        labels=run.labels,
        live=run.is_live,
        warning=run.warning,
        sweep=dict(run.sweep),
        ended="" if last is None or last.event == "resumed" else last.reason,
        states=_states(run),
        evaluations=sum(result.paid for result in run.results),
        seconds=sum(result.seconds for result in run.results),
        elapsed=max((float(result.time.get("elapsed", 0.0)) for result in run.results), default=0.0),
        window=window,
        steps=steps,
        top=tuple(chosen[:TOP]),
        front=front,
        front_results=tuple(members),
        groups=tuple(groups_of(run.finished, chosen[: _share(run)])),
        top_share=min(_share(run), len(chosen)),
        errors=tuple(errors.most_common(_SHOWN_ERRORS)),
        version=run.header.version,
    )


def _share(run: Run) -> int:
    """How many candidates count as the best when options are counted: a tenth, three at least."""
    return max(3, len(run.finished) // 10)


def _states(run: Run) -> dict[str, int]:
    counts = Counter(str(result.state) for result in run.results if result.replayed is None)
    found = {str(state): counts[str(state)] for state in State}
    found["replayed"] = sum(result.replayed is not None for result in run.results)
    found["running"] = max(0, run.asked - len(run.results)) if run.is_live else 0
    return found


def _steps(results: Sequence[Result]) -> tuple[tuple[Step, ...], int]:
    """One step for each finished evaluation of the last stage, and the window of the moving mean."""
    compared = {r.trial for r in last_stage(r for r in results if r.paid and r.state is State.FINISHED)}
    window = max(5, len(compared) // 20)
    steps: list[Step] = []
    values: list[float] = []
    number = 0
    for result in results:
        number += result.paid
        if result.trial not in compared or result.objective is None:
            continue
        values.append(result.objective[0])
        recent = values[-window:]
        highest = max(values[-1], steps[-1].best) if steps else values[-1]
        elapsed = float(result.time.get("elapsed", 0.0))
        steps.append(Step(number, result.trial, elapsed, values[-1], highest, sum(recent) / len(recent)))
    return tuple(steps), window


def _front(run: Run) -> tuple[Front | None, list[Result]]:
    if not run.finished:
        return None, []
    try:
        axes = default_axes(run)
    except SearchError:
        return None, []
    members = pareto(run, axes)
    labels = axes or run.labels
    # The second axis, most often what is to be small, lies along x.
    points = tuple((v[1], v[0], r.trial) for r in last_stage(run.finished) for v in [axis_values(run, r, axes)])
    names = tuple(run.labels[0] if label == OBJECTIVE else label for label in labels)
    return Front((names[1], names[0]), points, tuple(r.trial for r in members)), members
