"""W&B: one run in `RUN/wandb`, offline unless WANDB_MODE says otherwise.

    wandb sync RUN/wandb/offline-run-*

uploads it.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

from archdsl_search.trackers.base import Point, Tracked, Tracker

FOLDER = "wandb"
_COUNT = "evaluation/count"
_BEST = "best"


class WandB(Tracker):
    """One run, its curves over `trial`; the best candidate so far in its summary."""

    name = "wandb"
    package = ("wandb", "wandb")

    def __init__(self, run: Tracked):
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        mode: Any = os.environ.get("WANDB_MODE", "offline")
        if mode != "online":
            shutil.rmtree(run.folder / FOLDER, ignore_errors=True)
        import wandb

        self._run: Any = wandb.init(
            dir=str(run.folder),
            project=os.environ.get("WANDB_PROJECT", "archdsl"),
            name=run.name,
            id=run.key,
            resume="allow" if mode == "online" else None,
            config=dict(run.sweep),
            mode=mode,
            # What is journaled is shown: no output, no code, no figures of the machine.
            settings=wandb.Settings(
                silent=True, console="off", disable_git=True, disable_code=True, save_code=False,
                disable_job_creation=True, x_disable_stats=True, x_disable_meta=True, x_disable_machine_info=True,
            ),
        )  # fmt: skip
        self._run.define_metric("trial", hidden=True)
        self._run.define_metric("*", step_metric="trial")
        summary: Any = self._run.summary
        self._known = int(summary.get(_COUNT) or 0) if mode == "online" else 0
        self._count = self._known

    @property
    def known(self) -> int:
        return self._known

    def add(self, point: Point) -> None:
        self._count += 1
        self._run.log({"trial": point.trial, **point.values, _COUNT: self._count})
        if point.best:
            self._run.summary[_BEST] = {"trial": point.trial, **point.best}

    def flush(self) -> None:
        """W&B does so by itself."""

    def close(self) -> None:
        self._run.finish()
