"""From results to trackers: one thread hands points on, so that a slow server or a full disk never holds the search."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from archdsl_search.journal.reader import NAME
from archdsl_search.journal.records import Result
from archdsl_search.schedule import STAGE
from archdsl_search.trackers.base import Point, Tracked, Tracker
from archdsl_search.trackers.registry import tracker_type

Warn = Callable[[str], None]
# Seconds between two times that what there is is brought to where it can be seen.
PAUSE = 5.0
# Seconds in which a tracker must have written the rest when the run ends; the driver has 30 for all of its end.
GRACE = 15.0


class Curves:
    """What each result adds to the curves; where there are stages, the best is that of the last one reached."""

    def __init__(self, labels: Sequence[str]):
        self._labels = labels
        self._stage = 0.0
        self._best: float | None = None

    def point(self, result: Result) -> Point | None:
        """The result's point; None if nothing was evaluated for it."""
        if not result.paid:
            return None
        values = result.objective or ()
        found = {f"objective/{name}": value for name, value in zip(self._labels, values, strict=False)}
        stage = result.metrics.get(STAGE, 0.0)
        if stage > self._stage:
            self._stage, self._best = stage, None
        best = bool(values) and stage == self._stage and (self._best is None or values[0] > self._best)
        if best:
            self._best = values[0]
        if values and self._best is not None:
            found[f"best/{self._labels[0]}"] = self._best
        found.update({f"metrics/{name}": value for name, value in result.metrics.items()})
        found["evaluation/seconds"] = result.seconds
        found["evaluation/finished"] = float(bool(result.objective))
        return Point(result.trial, _moment(result), found, dict(result.decisions) if best else {})


class Tracking:
    """A tracker and the thread that it works in. Sees what a driver's watcher sees.

    Args:
        warn: called, once, if the tracker fails: the search goes on without it.
    """

    def __init__(self, kind: type[Tracker], run: Tracked, labels: Sequence[str], warn: Warn):
        self._name = kind.name
        self._warn = warn
        self._curves = Curves(labels)
        self._queue: SimpleQueue[Point | None] = SimpleQueue()
        self._tracker = kind(run)
        self._left_out = self._tracker.known
        self._thread = threading.Thread(target=self._work, name=f"tracker-{kind.name}", daemon=True)
        self._thread.start()

    def on_result(self, result: Result) -> None:
        """A trial has ended, now or in an earlier session."""
        point = self._curves.point(result)
        if point is None:
            return
        if self._left_out:
            self._left_out -= 1
        else:
            self._queue.put(point)

    def on_tick(self, running: int, spending: Any) -> None:
        """Nothing: the thread looks by itself."""

    def close(self) -> None:
        """Write what is left; one that takes too long is given up."""
        self._queue.put(None)
        self._thread.join(GRACE)
        if self._thread.is_alive():
            self._warn(f"--log {self._name} has not ended in {GRACE:g} s and is given up")

    def _work(self) -> None:
        try:
            self._hand_on()
            self._tracker.close()
        except Exception as error:
            # The journal has everything; a resume with the same option writes it again.
            said = " ".join(str(error).split())[:200]
            self._warn(f"--log {self._name} has stopped, the search goes on: {type(error).__name__}: {said}")

    def _hand_on(self) -> None:
        flushed = time.monotonic()
        while True:
            try:
                point = self._queue.get(timeout=PAUSE)
                if point is None:
                    return
                self._tracker.add(point)
            except Empty:
                pass
            if time.monotonic() - flushed >= PAUSE:
                self._tracker.flush()
                flushed = time.monotonic()


Begin = Callable[[Mapping[str, Any], Sequence[str]], list[Tracking]]


@contextmanager
def tracking(names: Sequence[str], folder: Path, warn: Warn) -> Iterator[Begin]:
    """Trackers that are closed after the block; what it gives opens them, once the run has begun.

    Raises:
        RefusedError: if a package is missing.
    """
    kinds = [tracker_type(name) for name in dict.fromkeys(names)]
    with ExitStack() as stack:

        def begin(sweep: Mapping[str, Any], labels: Sequence[str]) -> list[Tracking]:
            run = Tracked(folder, _key(folder), sweep)
            opened = []
            for kind in kinds:
                opened.append(Tracking(kind, run, labels, warn))
                stack.callback(opened[-1].close)
            return opened

        yield begin


def _key(folder: Path) -> str:
    """Of the run's first line, which says when it began, too."""
    with (folder / NAME).open("rb") as file:
        return blake2b(file.readline(), digest_size=6).hexdigest()


def _moment(result: Result) -> float:
    """When it ended; now, for a record without a time."""
    at = result.time.get("at")
    return datetime.fromisoformat(str(at).replace("Z", "+00:00")).timestamp() if at else time.time()
