"""What a journal says of its run, in numbers: read live or after a crash, without the engine or torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from archdsl_search.candidate import Decisions
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.records import Asked, Record, Result, Session
from archdsl_search.journal.writer import is_locked
from archdsl_search.outcome import State
from archdsl_search.schedule import STAGE


@dataclass(frozen=True)
class Best:
    """The best trial: the one with the largest first objective, the earliest of equals."""

    trial: int
    objective: float | tuple[float, ...]
    decisions: Decisions
    metrics: Mapping[str, float]


@dataclass
class Summary:
    """Counts over a run.

    Attributes:
        state: running: a driver is at work. completed: nothing is left to do. stopped: it can be resumed.
        reason: why it is completed.
        trials: evaluations that have ended: `finished + failed + infeasible`.
        running: evaluations under way.
        replayed: candidates that were known already; they cost nothing.
        rejected: candidates beyond a cost limit; likewise.
        seconds: wall time of the run, all sessions together.
        evaluation_seconds: of all evaluations together.
        warning: what is wrong with the journal; empty if nothing is.
    """

    run: str
    name: str
    state: Literal["running", "completed", "stopped"] = "stopped"
    reason: str = ""
    trials: int = 0
    finished: int = 0
    failed: int = 0
    infeasible: int = 0
    running: int = 0
    replayed: int = 0
    rejected: int = 0
    best: Best | None = None
    seconds: float = 0.0
    evaluation_seconds: float = 0.0
    simulated_seconds: float = 0.0
    labels: tuple[str, ...] = ()
    budget: Mapping[str, Any] = field(default_factory=dict)
    warning: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data, all of it."""
        return asdict(self)

    def add(self, record: Record) -> None:
        """Count a line."""
        if isinstance(record, Asked):
            self.running += record.identity is not None
        elif isinstance(record, Session):
            self.state = "completed" if record.event == "completed" else "stopped"
            self.reason = record.reason if record.event == "completed" else ""
            self.seconds = max(self.seconds, float(record.time.get("elapsed", 0.0)))
        elif isinstance(record, Result):
            self._add_result(record)

    def _add_result(self, result: Result) -> None:
        self.running -= 1
        self.seconds = max(self.seconds, float(result.time.get("elapsed", 0.0)))
        if result.replayed is not None:
            self.replayed += 1
        elif result.state is State.REJECTED:
            self.rejected += 1
        else:
            self.trials += 1
            self.evaluation_seconds += result.seconds
            self.finished += result.state is State.FINISHED
            self.failed += result.state is State.FAILED
            self.infeasible += result.state is State.INFEASIBLE
            self.simulated_seconds += result.metrics.get("simulated_seconds", 0.0)
        values = result.objective
        if values and (
            self.best is None or _rank(result.metrics, values) > _rank(self.best.metrics, self.best.objective)
        ):
            objective = values[0] if len(values) == 1 else values
            self.best = Best(result.trial, objective, result.decisions, result.metrics)


def summarise(journal: Journal) -> Summary:
    """Read a journal to its end."""
    run = journal.path.parent
    header = journal.header
    summary = Summary(str(run), "" if header is None else str(header.sweep.get("name", "")))
    if header is not None:
        summary.labels = header.labels
        summary.budget = {name: most for name, most in header.sweep.get("budget", {}).items() if most is not None}
    for record in journal.records():
        summary.add(record)
    if is_locked(run):
        summary.state, summary.reason = "running", ""
    else:
        summary.running = 0  # what was open when the driver ended is evaluated again, not running
        summary.warning = journal.warning
    return summary


def _rank(metrics: Mapping[str, float], objective: float | tuple[float, ...]) -> tuple[float, float]:
    """What the best is best by: the stage that it has reached, where there are stages, then the first objective."""
    return metrics.get(STAGE, 0.0), objective[0] if isinstance(objective, tuple) else objective
