"""Worker processes on this machine."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait

from archdsl_search.engines.base import Ending, Engine, Report
from archdsl_search.engines.worker import UNLIMITED, Limits, MakeEvaluator, Worker
from archdsl_search.evaluators.base import Job


class LocalEngine(Engine):
    """A fixed number of worker processes.

    Args:
        make: makes the evaluator, in each process once.
        workers: how many processes.
        limits: of one evaluation.
    """

    def __init__(self, make: MakeEvaluator, workers: int, limits: Limits = UNLIMITED):
        self._workers = [Worker(make, limits) for _ in range(workers)]
        self._queue: deque[Job] = deque()

    @property
    def slots(self) -> int:
        """One for each process."""
        return len(self._workers)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Hand jobs to idle workers; the rest wait for one."""
        self._queue.extend(jobs)
        self._hand_out()

    def wait(self, timeout: float) -> list[Ending]:
        """Endings since the last call.

        Raises:
            BrokenEvaluatorError: if the evaluator could not be made.
        """
        until = time.monotonic() + timeout
        endings: list[Ending] = []
        while not endings and any(worker.job for worker in self._workers):
            endings = self._endings(max(0.0, until - time.monotonic()))
            self._hand_out()
            if time.monotonic() >= until:
                break
        return endings

    def close(self, grace: float) -> None:
        """Kill the workers. What they were doing is lost and can be done again."""
        self._queue.clear()
        for worker in self._workers:
            worker.close()

    @property
    def pids(self) -> list[int]:
        """Of the processes that are there."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    def _hand_out(self) -> None:
        for worker in self._workers:
            if self._queue and worker.job is None:
                worker.start(self._queue.popleft())

    def _endings(self, timeout: float) -> list[Ending]:
        busy = [worker for worker in self._workers if worker.job is not None]
        deadlines = [left for worker in busy if (left := worker.seconds_left) is not None]
        readable = wait([worker.connection for worker in busy], max(0.0, min([timeout, *deadlines])))
        said = [self._received(worker) for worker in busy if worker.connection in readable]
        late = [worker for worker in busy if (left := worker.seconds_left) is not None and left <= 0]
        return [
            *[found for found in said if found is not None],
            *[worker.expire() for worker in late],
        ]

    def _received(self, worker: Worker) -> Ending | None:
        """What the worker says, if it is an ending; reports are passed on."""
        found = worker.receive()
        if not isinstance(found, Report):
            return found
        if self.on_report(found):
            worker.stop_early()
        return None
