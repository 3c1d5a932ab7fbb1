"""What runs in a worker process: evaluates the jobs that come through a connection, one after another.

Started by `archdsl_search.engines.worker` as `python -m archdsl_search.engines.worker_process FD`. It ends when the
other end of the connection is closed, however that came about: no worker outlives its driver.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import cloudpickle

from archdsl_search.engines.evaluation import carry_out, plain
from archdsl_search.engines.failures import failure
from archdsl_search.evaluators.base import Evaluator, Job, Metrics

_PR_SET_PDEATHSIG = 1


def main(descriptor: int) -> None:
    """Serve the connection until it is closed."""
    _die_with_the_parent()
    connection = Connection(descriptor)
    memory, make = connection.recv()
    if memory:
        _limit_memory(memory)
    _Worker(connection).serve(make)


class _Worker:
    def __init__(self, connection: Connection):
        self.connection = connection
        self.process = os.getpid()
        self.jobs: SimpleQueue[Job] = SimpleQueue()
        self.stopping = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        """What the driver says: a job, or that the running one is to stop early. The end of it ends the process."""
        while True:
            try:
                message = self.connection.recv()
            except (EOFError, OSError):
                os._exit(0)
            if message == "stop":
                self.stopping.set()
            else:
                self.jobs.put(message)

    def serve(self, make: bytes) -> None:
        try:
            evaluator: Evaluator[Any] = cloudpickle.loads(make)()
        except Exception as error:
            # Without an evaluator there is nothing this process could do, nor another one like it.
            self._send("broken", failure(error).error)
            return
        self._send("ready", None)
        while True:
            job = self.jobs.get()
            self.stopping.clear()
            ending, spent = carry_out(evaluator, replace(job, report=self._reporter(job)))
            self._send("spent" if spent else "ending", ending)
            if spent:
                return

    def _reporter(self, job: Job) -> Callable[[int, Metrics], bool]:
        def report(step: int, metrics: Metrics) -> bool:
            self._send("report", (job.trial, step, plain(metrics)))
            return self.stopping.is_set()

        return report

    def _send(self, kind: str, content: object) -> None:
        if os.getpid() != self.process:
            # An evaluation has forked, and the child came back from it, too: it must not speak for this process.
            os._exit(1)
        try:
            self.connection.send((kind, content))
        except OSError:
            os._exit(0)


def _die_with_the_parent() -> None:
    """Ask Linux to kill this process with the one that started it, should it hang where no signal is heard."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_memory(limit: int) -> None:
    """Make allocations past the limit fail, in this process, where it can be told which candidate it was."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main(int(sys.argv[1]))
