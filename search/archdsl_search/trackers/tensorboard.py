"""TensorBoard: event files in `RUN/tensorboard`."""

from __future__ import annotations

import shutil
from typing import Any

from archdsl_search.trackers.base import Point, Tracked, Tracker

FOLDER = "tensorboard"


class TensorBoard(Tracker):
    """One event file."""

    name = "tensorboard"
    package = ("tensorboardX", "tensorboard")

    def __init__(self, run: Tracked):
        from tensorboardX import SummaryWriter

        shutil.rmtree(run.folder / FOLDER, ignore_errors=True)
        self._writer: Any = SummaryWriter(str(run.folder / FOLDER))

    def add(self, point: Point) -> None:
        for name, value in point.values.items():
            self._writer.add_scalar(name, value, point.trial, point.at)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()
