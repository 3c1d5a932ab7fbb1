"""The engine: Tune in a thread of its own, the desk between it and the driver."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from typing import Any

import ray
from ray import tune
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from archdsl_search.engines.base import Ending, Engine
from archdsl_search.engines.needs import Needs
from archdsl_search.engines.ray.cluster import Cluster, first_line
from archdsl_search.engines.ray.desk import Desk, sendable
from archdsl_search.engines.ray.lease import Lease, LeasePlan
from archdsl_search.engines.ray.lease_source import LeaseSource
from archdsl_search.engines.ray.preflight import preflight
from archdsl_search.engines.worker import BrokenEvaluatorError
from archdsl_search.errors import EngineFailedError, RefusedError
from archdsl_search.evaluators.base import Job

# Tune saves its state and writes files for each trial; the journal has all that, in one place and safe.
_ENVIRONMENT = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_THRESHOLD_S": "60",
    "RAY_AIR_NEW_OUTPUT": "0",
}
# More leases than any run has: Tune ends when it is told to.
_ENDLESS = 1 << 40


class RayEngine(Engine):
    """Carries out jobs on leases that Ray Tune places.

    Args:
        plan: what a lease needs to know.
        needs: what a lease takes, and how many there are; more than the cluster has wait, which lets it grow.
        batch: jobs that a lease may hold, and so how many are asked for; one, but for light evaluations.
        address: of a cluster; empty: one on this machine.

    Raises:
        RefusedError: if the cluster can never place a trial, or there is none at the address.
    """

    def __init__(self, plan: LeasePlan, needs: Needs, batch: int = 1, address: str = ""):
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(needs.workers)
        self._slots = needs.workers * batch
        self._closed = False
        self._failure: BaseException | None = None
        self._cluster = Cluster(address, needs)
        if objection := preflight(needs).objection:
            self._cluster.leave()
            raise RefusedError(f"the sweep would wait without end: {objection}")
        self._desk = _desk()
        self._scratch = tempfile.mkdtemp(prefix="archdsl-tune-")
        self._tuner = self._make_tuner(plan, needs)
        self._thread = threading.Thread(target=self._run, name="ray-tune", daemon=True)
        self._thread.start()

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
        """Stop what runs and leave the cluster; what Tune has written is removed."""
        self._closed = True
        try:
            ray.get(self._desk.close.remote(), timeout=grace)
            self._thread.join(grace)
        except ray.exceptions.RayError:
            pass  # the cluster is gone already
        finally:
            self._cluster.leave()
            self._thread.join(1.0)
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _make_tuner(self, plan: LeasePlan, needs: Needs) -> tune.Tuner:
        return tune.Tuner(
            tune.with_resources(tune.with_parameters(Lease, plan=plan, desk=self._desk), _placement(needs)),
            tune_config=tune.TuneConfig(
                search_alg=LeaseSource(needs.workers, self._is_closed, self._revoke),
                num_samples=_ENDLESS,
                reuse_actors=False,
                trial_dirname_creator=_lease_folder,
            ),
            run_config=tune.RunConfig(
                name="leases",
                storage_path=self._scratch,
                stop=_WhenClosed(self._is_closed),
                failure_config=tune.FailureConfig(max_failures=0),
                verbose=0,
            ),
        )

    def _run(self) -> None:
        try:
            self._tuner.fit()
            if not self._closed:
                raise EngineFailedError("although there was more to do")
        except Exception as error:
            self._failure = error

    def _is_closed(self) -> bool:
        return self._closed

    def _revoke(self, lease: str) -> None:
        self._desk.revoke.remote(lease)

    def __reduce__(self) -> tuple[type[object], tuple[()]]:
        """Tune saves what it is given, bound methods and all; nobody ever reads it."""
        return object, ()


class _WhenClosed(tune.Stopper):
    """Ends the experiment once the engine is closed."""

    def __init__(self, closed: Any):
        self._closed = closed

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """No lease is stopped by itself."""
        return False

    def stop_all(self) -> bool:
        """Whether the engine is closed."""
        return bool(self._closed())


def _desk() -> Any:
    """The desk, on the driver's own machine: it is lost with the driver, and only with it."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    # Every lease may be waiting for a job and for the end, the driver for endings.
    options = {"num_cpus": 0, "max_concurrency": 100_000, "scheduling_strategy": here}
    return ray.remote(Desk).options(**options).remote()


def _placement(needs: Needs) -> tune.PlacementGroupFactory:
    return tune.PlacementGroupFactory([needs.first, *(dict(bundle) for bundle in needs.bundles)])


def _lease_folder(trial: Any) -> str:
    return f"lease_{trial.trial_id}"
