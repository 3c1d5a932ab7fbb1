"""A batch shared out to threads in slices: each thread runs whole networks, so none waits for another.

Threads that share a step wait for each other at its end, and what a step writes for many samples at once no longer lies
in the cache when the next step reads it. Slice by slice neither happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from archdsl.backends.runtimes.session import Port, Threads

RunSlice = Callable[[int, int, Sequence[int], Sequence[int]], None]


class Slices:
    """Threads that take slices in turn until none is left."""

    def __init__(self, threads: Threads, inputs: Sequence[Port], outputs: Sequence[Port], run_slice: RunSlice):
        """`run_slice(worker, samples, inputs, outputs)` runs the samples at these addresses on worker 0, 1, ..."""
        self._run_slice = run_slice
        self._threads = threads
        self._input_bytes = [port.sample_bytes for port in inputs]
        self._output_bytes = [port.sample_bytes for port in outputs]
        self._pool = ThreadPoolExecutor(max(1, threads.number - 1), "archdsl-slice")

    def run(self, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Run all samples; the calling thread takes part."""
        size = self._threads.slice_size
        left = iter(range(0, samples, size))  # one iterator for all: `next` hands out every number once

        def work(worker: int) -> None:
            for i in left:
                read = [x + i * each for x, each in zip(inputs, self._input_bytes, strict=True)]
                written = [y + i * each for y, each in zip(outputs, self._output_bytes, strict=True)]
                self._run_slice(worker, min(size, samples - i), read, written)

        others = [self._pool.submit(work, worker) for worker in range(1, self._threads.number)]
        try:
            work(0)
        finally:
            for other in others:
                other.result()
