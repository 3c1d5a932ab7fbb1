"""What runs on the cluster: an actor of Tune's that carries out jobs until there are none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

import ray
from ray import tune

from archdsl_search.engines.base import Ending, Report
from archdsl_search.engines.evaluation import carry_out_many
from archdsl_search.engines.scratch import remove_stale
from archdsl_search.engines.worker import BrokenEvaluatorError, Limits, MakeEvaluator, Worker
from archdsl_search.evaluators.base import Evaluator, Job

# A lease shows Tune that it is alive about so often, in seconds, when a job ends.
HEARTBEAT = 10.0
# Light jobs are taken in parcels that take about so long.
PARCEL_SECONDS = 0.5
LARGEST_PARCEL = 1000
# How often a lease looks whether the driver still wants it while an evaluation runs.
LOOK = 1.0


@dataclass(frozen=True)
class LeasePlan:
    """What a lease needs to know.

    Attributes:
        make: makes the evaluator.
        limits: of one evaluation.
        light: evaluations take milliseconds and are done in the actor's own process, several together.
    """

    make: MakeEvaluator
    limits: Limits
    light: bool = False


class Lease(tune.Trainable):
    """Takes jobs from the desk and brings their endings, until the desk is closed.

    The evaluator runs in a process of its own, as with the local engine: one that hangs is stopped, one that ran out
    of memory is replaced, and the actor is there to say so. That process has the actor's GPUs, and a GPU's memory is
    free again once it is gone.
    """

    def setup(  # type: ignore[override]  # tune.with_parameters gives the others
        self, config: dict[str, Any], plan: LeasePlan, desk: Any
    ) -> None:
        """Called once, by Tune."""
        remove_stale()
        self._plan = plan
        self._desk = desk
        self._closing = desk.closing.remote()
        self._evaluator: Evaluator[Any] | None = None
        self._worker = Worker(plan.make, plan.limits)
        self._parcel = 1
        self._coming: Any = None
        self._given: Any = None
        self._done = 0

    def step(self) -> dict[str, Any]:
        """Work for a while; what it returns is for Tune's eyes only."""
        until = time.monotonic() + HEARTBEAT
        try:
            while time.monotonic() < until:
                jobs = self._light() if self._plan.light else self._heavy()
                if jobs is None:
                    return {"jobs": self._done, "done": True}
                self._done += jobs
        except BrokenEvaluatorError as error:
            ray.get(self._desk.broken.remote(str(error)))
            return {"jobs": self._done, "done": True}
        return {"jobs": self._done}

    def cleanup(self) -> None:
        """Called when the actor is given up."""
        self._worker.close()

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing: what is kept is in the journal and in the trial's folder."""

    def load_checkpoint(self, checkpoint: object) -> None:
        """Nothing."""

    def _heavy(self) -> int | None:
        """Do one job, if there is one; gives how many were done, None if nothing more is to be done."""
        jobs = ray.get(self._desk.take.remote(self.trial_id, 1, LOOK))
        if jobs is None:
            return None
        ending = self._one(jobs[0]) if jobs else None
        if ending is None:
            return 0
        ray.get(self._desk.give.remote(self.trial_id, [ending]))
        return 1

    def _light(self) -> int | None:
        """Do a parcel; the next one is on its way meanwhile, and so are the endings of the one before."""
        jobs = ray.get(self._coming or self._desk.take.remote(self.trial_id, self._parcel, LOOK))
        self._coming = None if jobs is None else self._desk.take.remote(self.trial_id, self._parcel, LOOK)
        if not jobs:
            return None if jobs is None else 0
        endings = self._many(jobs)
        if self._given is not None:
            ray.get(self._given)  # no more than one parcel is under way
        self._given = self._desk.give.remote(self.trial_id, endings)
        return len(endings)

    def _many(self, jobs: list[Job]) -> list[Ending]:
        if self._evaluator is None:
            try:
                self._evaluator = self._plan.make()
            except Exception as error:
                raise BrokenEvaluatorError(f"{type(error).__name__}: {error}") from error
        started = time.monotonic()
        endings = carry_out_many(self._evaluator, jobs)
        each = (time.monotonic() - started) / len(jobs)
        # It grows by no more than a factor of two, so that a slow candidate is no surprise.
        self._parcel = max(1, min(LARGEST_PARCEL, 2 * self._parcel, round(PARCEL_SECONDS / max(each, 1e-6))))
        return endings

    def _one(self, job: Job) -> Ending | None:
        """Evaluate one job in the worker; None if the driver does not want it any more."""
        self._worker.start(job)
        while True:
            left = self._worker.seconds_left
            if wait([self._worker.connection], LOOK if left is None else max(0.0, min(left, LOOK))):
                found = self._worker.receive()
                if isinstance(found, Ending):
                    return found
                if isinstance(found, Report) and ray.get(self._desk.report.remote(self.trial_id, found)):
                    self._worker.stop_early()
            elif left is not None and left <= 0:
                return self._worker.expire()
            elif ray.wait([self._closing], timeout=0)[0]:
                self._worker.close()
                return None
