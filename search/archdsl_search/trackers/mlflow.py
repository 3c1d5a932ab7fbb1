"""MLflow: one run with a curve for each figure, in `RUN/mlflow`, or where MLFLOW_TRACKING_URI says.

    MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri RUN/mlflow

MLflow's store of plain files takes 1 ms a trial and no server; its own name for it is "in maintenance mode".
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from archdsl_search.trackers.base import Point, Tracked, Tracker, flat

FOLDER = "mlflow"
_TAG = "archdsl.run"
# Figures that MLflow takes at once, and the longest values that it keeps.
_BATCH = 900
_LONGEST_PARAM = 5000
_NAME = re.compile(r"[^\w.\- /:]")


class MLflow(Tracker):
    """One MLflow run: options of the sweep as its parameters, the best candidate so far as tags."""

    name = "mlflow"
    package = ("mlflow", "mlflow")

    def __init__(self, run: Tracked):
        # Nothing is reported to anybody, and no git is looked for.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        self._store: Path | None = None
        place = os.environ.get("MLFLOW_TRACKING_URI")
        if place is None:
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            self._store = run.folder.resolve() / FOLDER
            place = self._store.as_uri()
        from mlflow import MlflowClient

        self._client: Any = MlflowClient(tracking_uri=place)
        self._points: list[Point] = []
        self._run, self._steps = self._begun(run)

    def _begun(self, run: Tracked) -> tuple[str, int]:
        """The run's id, and how many points it has: a server knows the run from earlier sessions."""
        experiment_name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "archdsl")
        experiment = self._client.get_experiment_by_name(experiment_name)
        number = experiment.experiment_id if experiment else self._client.create_experiment(experiment_name)
        for found in self._client.search_runs([number], f"tags.`{_TAG}` = '{run.key}'", max_results=1):
            if self._store is not None:  # a crash may have cut its files
                shutil.rmtree(self._store / number / found.info.run_id)
                break
            history = self._client.get_metric_history(found.info.run_id, "evaluation/seconds")
            self._client.update_run(found.info.run_id, status="RUNNING")
            return str(found.info.run_id), len({metric.step for metric in history})
        made = self._client.create_run(number, tags={_TAG: run.key}, run_name=run.name)
        from mlflow.entities import Param

        params = [Param(_named(key), str(value)[:_LONGEST_PARAM]) for key, value in flat(run.sweep).items()]
        for first in range(0, len(params), 100):
            self._client.log_batch(made.info.run_id, params=params[first : first + 100])
        return str(made.info.run_id), 0

    @property
    def known(self) -> int:
        return self._steps

    def add(self, point: Point) -> None:
        self._points.append(point)
        if sum(len(point.values) for point in self._points) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        from mlflow.entities import Metric, RunTag

        points, self._points = self._points, []
        metrics = [
            Metric(_named(name), value, int(point.at * 1000), point.trial)
            for point in points
            for name, value in point.values.items()
        ]
        best = next((point for point in reversed(points) if point.best), None)
        tags = [RunTag(_named(f"best.{key}"), str(value)) for key, value in (best.best if best else {}).items()]
        if best is not None:
            tags.append(RunTag("best.trial", str(best.trial)))
        for first in range(0, len(metrics), _BATCH):
            self._client.log_batch(self._run, metrics=metrics[first : first + _BATCH])
        for first in range(0, len(tags), 100):
            self._client.log_batch(self._run, tags=tags[first : first + 100])

    def close(self) -> None:
        self.flush()
        self._client.set_terminated(self._run)


def _named(name: str) -> str:
    """A name that MLflow takes: a colon stands for what it doesn't."""
    return _NAME.sub(":", name)[:250]
