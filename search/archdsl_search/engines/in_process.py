"""Evaluations in the driver's own process: for those that take milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl_search.engines.base import Ending, Engine
from archdsl_search.engines.evaluation import carry_out_many
from archdsl_search.engines.worker import BrokenEvaluatorError, MakeEvaluator
from archdsl_search.evaluators.base import Job


class InProcessEngine(Engine):
    """No processes, no deadlines: jobs are evaluated together when they are waited for.

    Args:
        make: makes the evaluator.
        slots: how many jobs are taken together.

    Raises:
        BrokenEvaluatorError: if the evaluator could not be made.
    """

    def __init__(self, make: MakeEvaluator, slots: int = 1):
        self._slots = slots
        self._jobs: list[Job] = []
        try:
            self._evaluator = make()
        except Exception as error:
            raise BrokenEvaluatorError(str(error)) from error

    @property
    def slots(self) -> int:
        """How many jobs are taken together."""
        return self._slots

    def submit(self, jobs: Sequence[Job]) -> None:
        """Keep jobs for `wait`."""
        self._jobs.extend(jobs)

    def wait(self, timeout: float) -> list[Ending]:
        """Evaluate what was submitted; takes as long as it takes."""
        jobs, self._jobs = self._jobs, []
        return carry_out_many(self._evaluator, jobs) if jobs else []

    def close(self, grace: float) -> None:
        """Forget what was submitted."""
        self._jobs.clear()
