"""A batch shared out to threads sample by sample: each thread runs whole networks, so none waits for another.

Within one sample, threads that share a step wait for each other at its end, and what a step writes for many samples
at once no longer lies in the cache when the next step reads it. Sample by sample neither happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from archdsl.backends.runtimes.session import Array

RunOne = Callable[[int, Sequence[Array], Sequence[Array]], None]


class Slices:
    """Threads that take samples in turn until none is left."""

    def __init__(self, threads: int, run_one: RunOne):
        """`run_one(worker, inputs, outputs)` runs one sample, [1, ...] each, on the worker with this number."""
        self._run_one = run_one
        self._threads = threads
        self._pool = ThreadPoolExecutor(max(1, threads - 1), "archdsl-slice")

    def run(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        """Run all samples; the calling thread takes part."""
        left = iter(range(len(outputs[0])))  # one iterator for all: `next` hands out every number once

        def work(worker: int) -> None:
            for i in left:
                self._run_one(worker, [x[i : i + 1] for x in inputs], [y[i : i + 1] for y in outputs])

        others = [self._pool.submit(work, worker) for worker in range(1, self._threads)]
        try:
            work(0)
        finally:
            for other in others:
                other.result()
