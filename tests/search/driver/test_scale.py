"""Twenty thousand trials: the driver's memory stays flat, and a proposal costs it little."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from archdsl_search.driver.driver import Driver
from archdsl_search.engines.base import Ending
from archdsl_search.evaluators.base import Job
from archdsl_search.journal.reader import NAME
from archdsl_search.journal.writer import JournalWriter
from archdsl_search.outcome import State
from archdsl_search.sweep.loading import sweep_of
from archdsl_search.sweep.parts import put_together

from .conftest import ScriptedEngine

TRIALS = 20_000


class Immediate(ScriptedEngine):
    """Ends every job at once, and notes memory and time on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.memory: dict[int, int] = {}
        self.seconds: dict[int, float] = {}

    def submit(self, jobs: Sequence[Job]) -> None:
        self.jobs.update({job.trial: job for job in jobs})

    def wait(self, timeout: float) -> list[Ending]:
        jobs = list(self.jobs.values())
        self.jobs.clear()
        for job in jobs:
            if job.trial % 1000 == 999:
                self.memory[job.trial + 1] = resident()
                self.seconds[job.trial + 1] = time.process_time()
        return [Ending(job.trial, State.FINISHED, {"accuracy": float(job.trial % 97)}) for job in jobs]


@pytest.mark.slow
def test_memory_is_flat_and_proposals_are_cheap(tmp_path: Path) -> None:
    sweep = sweep_of({
        "space": "nasbench201", "identity": "none", "searcher": {"name": "regularized_evolution"},
        "evaluator": "function", "objective": {"name": "maximize", "metric": "accuracy"}, "budget": {"trials": TRIALS},
    })  # fmt: skip
    engine = Immediate()
    with JournalWriter(tmp_path) as writer:
        Driver(put_together(sweep, evaluate=lambda module: 0.0), engine, writer, tmp_path).run()
    with (tmp_path / NAME).open(encoding="utf-8") as lines:
        assert sum(line.startswith('{"kind":"result"') for line in lines) == TRIALS
    grown = engine.memory[TRIALS] - engine.memory[TRIALS // 2]
    assert grown < 50 * 2**20
    # Known candidates among them: the mean over all is what a search feels.
    each = (engine.seconds[TRIALS] - engine.seconds[1000]) / (TRIALS - 1000)
    print(f"{1e3 * each:.2f} ms a trial, {grown / 2**20:.1f} MiB more in the second half")
    assert each < 0.02


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
