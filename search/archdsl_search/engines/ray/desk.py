"""The desk: an actor beside the driver, where leases take jobs and bring endings."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from archdsl_search.engines.base import Ending, Report
from archdsl_search.evaluators.base import Job, Metrics
from archdsl_search.outcome import State


class Desk:
    """Jobs that nobody has taken, jobs that leases hold, endings that the driver has not seen.

    A job has exactly one ending: once a lease has been revoked, whatever it still brings is not taken.
    """

    def __init__(self) -> None:
        lock = asyncio.Lock()
        # Hundreds of leases wait for work: only as many are woken as there are jobs.
        self._work = asyncio.Condition(lock)
        self._news = asyncio.Condition(lock)
        self._jobs: deque[Job] = deque()
        self._held: dict[str, dict[int, Job]] = {}
        self._revoked: set[str] = set()
        self._endings: list[Ending] = []
        self._reports: list[Report] = []
        self._stopping: set[int] = set()
        self._broken = ""
        self._closed = False
        self._ended = asyncio.Event()

    # What the driver does.

    async def submit(self, jobs: Sequence[Job]) -> None:
        """Lay out jobs."""
        async with self._news:
            self._jobs.extend(jobs)
            self._work.notify(len(jobs))

    async def collect(self, timeout: float) -> tuple[list[Ending], list[Report], str]:
        """Endings and reports since the last call, waiting for the first of them; and why nothing can be evaluated."""

        def something() -> bool:
            return bool(self._endings or self._reports or self._broken)

        async with self._news:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait_for(something), timeout)
            found = self._endings, self._reports, self._broken
            self._endings, self._reports = [], []
            return found

    async def stop(self, trial: int) -> None:
        """Ask a job to return what it has, when it reports the next time."""
        self._stopping.add(trial)

    async def close(self) -> None:
        """Nothing more is to be done: leases end, running jobs are dropped."""
        async with self._news:
            self._closed = True
            self._jobs.clear()
            self._work.notify_all()
            self._ended.set()

    # What leases do.

    async def take(self, lease: str, most: int, timeout: float) -> list[Job] | None:
        """Up to so many jobs, waiting for the first one; None when the lease is to end."""
        async with self._news:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait_for(lambda: bool(self._jobs) or self._closed), timeout)
            if self._closed or lease in self._revoked:
                return None
            taken = [self._jobs.popleft() for _ in range(min(most, len(self._jobs)))]
            self._held.setdefault(lease, {}).update({job.trial: job for job in taken})
            return taken

    async def give(self, lease: str, endings: Sequence[Ending]) -> None:
        """Bring the endings of jobs that the lease holds."""
        async with self._news:
            held = self._held.get(lease, {})
            self._endings.extend(ending for ending in endings if held.pop(ending.trial, None) is not None)
            self._stopping.difference_update(ending.trial for ending in endings)
            self._news.notify_all()

    async def report(self, lease: str, report: Report) -> bool:
        """Intermediate metrics of a job that the lease holds; gives whether it is to return what it has."""
        async with self._news:
            if report.trial in self._held.get(lease, {}):
                self._reports.append(report)
                self._news.notify_all()
            return report.trial in self._stopping

    async def broken(self, message: str) -> None:
        """The evaluator cannot be made: nothing can be evaluated."""
        async with self._news:
            self._broken = message
            self._news.notify_all()

    async def closing(self) -> None:
        """Returns once the desk is closed."""
        await self._ended.wait()

    # What Tune's thread does.

    async def revoke(self, lease: str) -> None:
        """The lease is no more: what it held is lost."""
        async with self._news:
            self._revoked.add(lease)
            for trial in self._held.pop(lease, {}):
                error = "the worker or its machine was lost"
                self._endings.append(Ending(trial, State.FAILED, {}, error, lost=True))
            self._news.notify_all()


def sendable(job: Job) -> Job:
    """The job without what belongs to the driver's process."""
    return replace(job, report=_silent)


def _silent(step: int, metrics: Metrics) -> bool:
    return False
