"""An engine whose workers come to a desk, whoever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from archdsl_search.engines.base import Ending, Engine
from archdsl_search.engines.ray.cluster import first_line
from archdsl_search.engines.ray.desk import Desk, sendable
from archdsl_search.engines.worker import BrokenEvaluatorError
from archdsl_search.errors import EngineFailedError
from archdsl_search.evaluators.base import Job


class DeskEngine(Engine):
    """The driver's side of a desk.

    Args:
        desk: where jobs are laid and endings come to.
        slots: jobs that it holds at once.
    """

    def __init__(self, desk: Any, slots: int):
        self._desk = desk
        self._slots = slots
        self._failure: BaseException | None = None

    @property
    def slots(self) -> int:
        """For each lease, as many as a batch has."""
        return self._slots

    def submit(self, jobs: Sequence[Job]) -> None:
        """Lay jobs on the desk."""
        self._desk.submit.remote([sendable(job) for job in jobs])

    def wait(self, timeout: float) -> list[Ending]:
        """Endings since the last call.

        Raises:
            BrokenEvaluatorError: if the evaluator could not be made.
            EngineFailedError: if Ray or Tune ended by itself.
        """
        try:
            endings, reports, broken = ray.get(self._desk.collect.remote(timeout))
        except ray.exceptions.RayError as error:
            raise EngineFailedError(f"the connection to Ray was lost: {first_line(error)}") from error
        for report in reports:
            if self.on_report(report):
                self._desk.stop.remote(report.trial)
        if broken and not endings:
            raise BrokenEvaluatorError(broken)
        if self._failure is not None and not endings:
            raise EngineFailedError(f"Ray Tune ended: {first_line(self._failure)}") from self._failure
        return list(endings)

    def close(self, grace: float) -> None:
        """Have the desk send everybody home.

        Raises:
            ray.exceptions.RayError: if the cluster is gone already.
        """
        ray.get(self._desk.close.remote(), timeout=grace)


def desk_beside_the_driver() -> Any:
    """The desk, on the driver's own machine: it is lost with the driver, and only with it."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    # Every lease may be waiting for a job and for the end, the driver for endings.
    options = {"num_cpus": 0, "max_concurrency": 100_000, "scheduling_strategy": here}
    return ray.remote(Desk).options(**options).remote()
