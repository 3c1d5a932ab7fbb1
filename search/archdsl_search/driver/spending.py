"""What a run has spent, and whether anything of its budget is left."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl_search.journal.records import Record, Result
from archdsl_search.outcome import State
from archdsl_search.sweep.model import Budget

SIMULATED = "simulated_seconds"


@dataclass(slots=True)
class Spending:
    """Sums over the results of a run.

    Attributes:
        gpus: of each evaluation.
        trials: evaluations that were paid for.
        evaluated: their seconds together.
        simulated: the sum of their metric `simulated_seconds`.
        elapsed: wall time of the run when the last line with a time was written, all sessions together.
        free: proposals in a row that were known already, or rejected.
    """

    gpus: float
    trials: int = 0
    evaluated: float = 0.0
    simulated: float = 0.0
    elapsed: float = 0.0
    free: int = 0

    def add(self, result: Result) -> None:
        """Count a result."""
        self.note_time(result)
        if not result.paid:
            self.free += 1
            return
        self.free = 0
        self.trials += 1
        self.evaluated += result.seconds
        if result.state is State.FINISHED:
            self.simulated += result.metrics.get(SIMULATED, 0.0)

    def note_time(self, record: Record) -> None:
        """The run has lasted at least until this line was written."""
        self.elapsed = max(self.elapsed, float(record.time.get("elapsed", 0.0)))

    def used_up(self, budget: Budget, running: int, elapsed: float) -> str:
        """What is used up, counting evaluations that run; empty if nothing is."""
        if budget.trials is not None and self.trials + running >= budget.trials:
            return f"the budget of {budget.trials:,} trials is used up"
        limits = (
            (budget.seconds, elapsed, "seconds of wall time"),
            (budget.gpu_seconds, self.evaluated * self.gpus, "GPU-seconds"),
            (budget.simulated_seconds, self.simulated, "simulated seconds"),
        )
        for most, spent, what in limits:
            if most is not None and spent >= most:
                return f"the budget of {most:,.0f} {what} is used up"
        if self.free >= budget.stall:
            return f"{self.free:,} proposals in a row were known already or rejected"
        return ""
