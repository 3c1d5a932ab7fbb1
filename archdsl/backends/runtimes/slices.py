"""A batch shared out to threads sample by sample: each thread runs whole networks, so none waits for another.

Within one sample, threads that share a step wait for each other at its end, and what a step writes for many samples
at once no longer lies in the cache when the next step reads it. Sample by sample neither happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from archdsl.backends.runtimes.session import Port

RunOne = Callable[[int, Sequence[int], Sequence[int]], None]


class Slices:
    """Threads that take samples in turn until none is left."""

    def __init__(self, threads: int, inputs: Sequence[Port], outputs: Sequence[Port], run_one: RunOne):
        """`run_one(worker, inputs, outputs)` runs the sample at these addresses on the worker with this number."""
        self._run_one = run_one
        self._threads = threads
        self._input_bytes = [port.sample_bytes for port in inputs]
        self._output_bytes = [port.sample_bytes for port in outputs]
        self._pool = ThreadPoolExecutor(max(1, threads - 1), "archdsl-slice")

    def run(self, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Run all samples; the calling thread takes part."""
        left = iter(range(samples))  # one iterator for all: `next` hands out every number once

        def work(worker: int) -> None:
            for i in left:
                read = [x + i * size for x, size in zip(inputs, self._input_bytes, strict=True)]
                written = [y + i * size for y, size in zip(outputs, self._output_bytes, strict=True)]
                self._run_one(worker, read, written)

        others = [self._pool.submit(work, worker) for worker in range(1, self._threads)]
        try:
            work(0)
        finally:
            for other in others:
                other.result()
