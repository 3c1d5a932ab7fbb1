"""Keeping what trials leave on the disk within bounds: `resources.disk`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archdsl_search.driver.spending import Spending
from archdsl_search.engines.logs import LOG
from archdsl_search.evaluators.plan import ALSO
from archdsl_search.journal.records import Result
from archdsl_search.outcome import State
from archdsl_search.pareto import first_front
from archdsl_search.sweep.parts import Parts

# Seconds between two looks; many trials take longer to look at, and a look shall take little of the driver's time.
PAUSE = 10.0
SHARE = 50


class _File(NamedTuple):
    """Something that may go.

    Attributes:
        order: what goes first has the smallest.
    """

    order: tuple[float, ...]
    size: int
    path: Path


class DiskKeeper:
    """Watches a run, and removes files of its trials when they take more than they may.

    First the logs of trials that finished go, the oldest first; then what other files trials have kept, the worst
    trial's first; last the logs of those that failed. Files of running trials stay, those of the best, and results
    are in the journal.

    Args:
        trials: the folder that holds the trials' folders.
        most: bytes.
        keep: files of so many of the best trials stay.
        warn: called once if that does not suffice.
    """

    def __init__(self, trials: Path, most: int, keep: int, warn: Callable[[str], None]):
        self._trials = trials
        self._most = most
        self._keep = keep
        self._warn = warn
        self._values: dict[int, tuple[float, ...] | None] = {}
        self._next = time.monotonic() + PAUSE
        self._warned = False

    def on_result(self, result: Result) -> None:
        """A trial has ended: its files may go."""
        if result.paid:
            self._values[result.trial] = result.objective if result.state is State.FINISHED else None

    def on_tick(self, running: int, spending: Spending) -> None:
        """Now and then."""
        if time.monotonic() >= self._next:
            started = time.monotonic()
            self.look()
            self._next = time.monotonic() + max(PAUSE, SHARE * (time.monotonic() - started))

    def look(self) -> int:
        """Remove what is too much; gives the bytes that are left."""
        found = list(self._files())
        total = sum(file.size for file in found)
        if total <= self._most:
            return total
        kept = self._best()
        for file in sorted(found):
            trial = int(file.path.parent.name)
            if total <= self._most:
                break
            if trial in self._values and trial not in kept:
                with suppress(OSError):
                    file.path.unlink()
                    total -= file.size
                with suppress(OSError):
                    file.path.parent.rmdir()  # unless something else is in it
        if total > self._most and not self._warned:
            self._warned = True
            self._warn(f"{self._trials} takes {total:,} bytes, more than resources.disk, without anything that may go")
        return total

    def _files(self) -> Iterator[_File]:
        with suppress(FileNotFoundError), os.scandir(self._trials) as folders:
            for folder in folders:
                if not folder.name.isdigit():
                    continue
                with suppress(OSError), os.scandir(folder.path) as files:
                    for file in files:
                        if file.is_file(follow_symlinks=False):
                            yield self._rated(int(folder.name), Path(file.path), file.stat().st_size)

    def _rated(self, trial: int, path: Path, size: int) -> _File:
        values = self._values.get(trial)
        if path.name == LOG:
            return _File((0.0 if values else 2.0, trial), size, path)
        return _File((1.0, values[0] if values else float("-inf"), trial), size, path)

    def _best(self) -> set[int]:
        """The trials whose files stay: the best by the first value and, of several goals, all that nothing beats."""
        finished = [(values, -trial) for trial, values in self._values.items() if values]
        best = {-trial for _, trial in sorted(finished, reverse=True)[: self._keep]}
        if finished and len(finished[0][0]) > 1:
            best |= {-finished[i][1] for i in first_front([values for values, _ in finished])}
        return best


def disk_keeper(parts: Parts, run: Path, warn: Callable[[str], None]) -> DiskKeeper | None:
    """What the sweep asks for."""
    most = parts.sweep.resources.disk
    if most is None:
        return None
    numbers = [keep for keep in _wanted(parts.plan.describe()) if type(keep) is int]
    return DiskKeeper(run / "trials", most, max([1, *numbers]), warn)


def _wanted(evaluator: Mapping[str, Any]) -> Iterator[Any]:
    """What an evaluator and those beside it say of `keep`."""
    yield evaluator.get("keep")
    for other in evaluator.get(ALSO, ()):
        yield from _wanted(other)
