"""Hundreds of slots on one asynchronous Ray actor: desk, driver, searcher and journal are real, evaluations sleep."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import ray

from archdsl_search.engines.base import Ending
from archdsl_search.engines.needs import Needs
from archdsl_search.engines.ray.cluster import Cluster
from archdsl_search.engines.ray.desk_engine import DeskEngine, desk_beside_the_driver
from archdsl_search.engines.ray.lease import LOOK
from archdsl_search.evaluators.base import Job
from archdsl_search.outcome import State


class Slots:
    """Each slot is one call of `work`: it takes jobs and brings endings, as a lease does, until the desk is closed.

    Args:
        desk: where leases go.
        seconds: that an evaluation takes on average; each one's follows from its seed, half of it to three halves:
            else all slots would be free at the same moments.
    """

    def __init__(self, desk: Any, seconds: float):
        self._desk = desk
        self._seconds = seconds

    async def work(self, slot: int) -> int:
        """Gives how many jobs it has done."""
        done = 0
        while (jobs := await self._desk.take.remote(f"slot{slot}", 1, LOOK)) is not None:
            endings = [await self._evaluate(job) for job in jobs]
            if endings:
                await self._desk.give.remote(f"slot{slot}", endings)
            done += len(endings)
        return done

    async def _evaluate(self, job: Job) -> Ending:
        drawn = job.seed / 2**31
        seconds = self._seconds * (0.5 + drawn)
        await asyncio.sleep(seconds)
        return Ending(job.trial, State.FINISHED, {"score": drawn}, seconds=seconds, worker=f"one:{os.getpid()}")


class OneActorEngine(DeskEngine):
    """A cluster of its own with the desk and one actor of `slots` concurrent calls."""

    def __init__(self, slots: int, seconds: float):
        self._cluster = Cluster("", Needs(1))
        super().__init__(desk_beside_the_driver(), slots)
        self._actor = ray.remote(Slots).options(num_cpus=0, max_concurrency=slots).remote(self._desk, seconds)
        self._working = [self._actor.work.remote(slot) for slot in range(slots)]

    def close(self, grace: float) -> None:
        """Stop it and its cluster."""
        try:
            super().close(grace)
            self.done = sum(ray.get(self._working, timeout=grace))
        finally:
            self._cluster.leave()
