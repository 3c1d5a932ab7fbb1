"""The engine: Tune in a thread of its own, the desk between it and the driver."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from typing import Any

import ray
from ray import tune

from archdsl_search.engines.needs import Needs
from archdsl_search.engines.ray.cluster import Cluster
from archdsl_search.engines.ray.desk_engine import DeskEngine, desk_beside_the_driver
from archdsl_search.engines.ray.lease import Lease, LeasePlan
from archdsl_search.engines.ray.lease_source import LeaseSource
from archdsl_search.engines.ray.preflight import preflight
from archdsl_search.engines.scratch import make_scratch
from archdsl_search.errors import EngineFailedError, RefusedError

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


class RayEngine(DeskEngine):
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
        self._closed = False
        self._environment = _Environment({"TUNE_MAX_PENDING_TRIALS_PG": str(needs.workers)})
        try:
            self._cluster = Cluster(address, needs)
            if objection := preflight(needs).objection:
                self._cluster.leave()
                raise RefusedError(f"the sweep would wait without end: {objection}")
        except BaseException:
            self._environment.restore()
            raise
        super().__init__(desk_beside_the_driver(), needs.workers * batch)
        self._scratch = make_scratch("tune")
        self._tuner = self._make_tuner(plan, needs)
        self._thread = threading.Thread(target=self._run, name="ray-tune", daemon=True)
        self._thread.start()

    def close(self, grace: float) -> None:
        """Stop what runs and leave the cluster; what Tune has written is removed."""
        self._closed = True
        try:
            super().close(grace)
            self._thread.join(grace)
        except ray.exceptions.RayError:
            pass  # the cluster is gone already
        finally:
            self._cluster.leave()
            self._thread.join(1.0)
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._environment.restore()

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
                storage_path=str(self._scratch),
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


class _Environment:
    """What Tune reads from the environment while an engine is open: other tuners of the process want their own."""

    def __init__(self, values: Mapping[str, str]):
        self._before = {name: os.environ.get(name) for name in (*_ENVIRONMENT, *values)}
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        os.environ.update(values)

    def restore(self) -> None:
        """Make it what it was."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _placement(needs: Needs) -> tune.PlacementGroupFactory:
    return tune.PlacementGroupFactory([needs.first, *(dict(bundle) for bundle in needs.bundles)])


def _lease_folder(trial: Any) -> str:
    return f"lease_{trial.trial_id}"
