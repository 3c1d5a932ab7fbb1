"""A run for TensorBoard: written by the driver, whichever engine carries it out, from what stands in the journal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from archdsl_search.driver.spending import Spending
from archdsl_search.errors import RefusedError
from archdsl_search.journal.records import Result

FOLDER = "tensorboard"
# Seconds between two writes to the disk.
PAUSE = 5.0


class TensorBoard:
    """Curves over the numbers of trials: objectives, the best so far, metrics, seconds of each evaluation.

    The files are made anew from the journal when a run is resumed: what a crash has cut is whole again.

    Args:
        folder: of the run; the files go to its folder `tensorboard`.
        labels: what each objective value is called.
        results: those of earlier sessions.

    Raises:
        RefusedError: if tensorboardX is not installed.
    """

    def __init__(self, folder: Path, labels: tuple[str, ...], results: Iterable[Result] = ()):
        writing = _package()
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        self._writer: Any = writing.SummaryWriter(str(folder / FOLDER))
        self._labels = labels
        self._best: float | None = None
        self._flushed = time.monotonic()
        for result in results:
            self.on_result(result)

    def on_result(self, result: Result) -> None:
        """Add a point to each curve."""
        if not result.paid:
            return
        at = _moment(result)
        for label, value in zip(self._labels, result.objective or (), strict=False):
            self._writer.add_scalar(f"objective/{label}", value, result.trial, at)
        if result.objective:
            first = result.objective[0]
            self._best = first if self._best is None else max(self._best, first)
            self._writer.add_scalar(f"best/{self._labels[0]}", self._best, result.trial, at)
        for name, value in result.metrics.items():
            self._writer.add_scalar(f"metrics/{name}", value, result.trial, at)
        self._writer.add_scalar("evaluation/seconds", result.seconds, result.trial, at)
        self._writer.add_scalar("evaluation/finished", float(bool(result.objective)), result.trial, at)

    def on_tick(self, running: int, spending: Spending) -> None:
        """Now and then, bring to the disk what there is."""
        now = time.monotonic()
        if now - self._flushed >= PAUSE:
            self._flushed = now
            self._writer.flush()

    def close(self) -> None:
        """Write the rest."""
        self._writer.close()


def _moment(result: Result) -> float | None:
    """When it ended; None, now, for a record without a time."""
    at = result.time.get("at")
    return datetime.fromisoformat(str(at).replace("Z", "+00:00")).timestamp() if at else None


def _package() -> ModuleType:
    try:
        import tensorboardX
    except ModuleNotFoundError:
        raise RefusedError(
            "--log tensorboard needs the package tensorboardX: pip install 'archdsl[tensorboard]'"
        ) from None
    found: ModuleType = tensorboardX
    return found
