"""A worker process as its owner sees it: takes a job, gives endings, can be stopped whatever it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cloudpickle

from archdsl_search.engines.base import Ending, Report
from archdsl_search.engines.logs import LOG, LONGEST, shorten
from archdsl_search.evaluators.base import Evaluator, Job, Metrics
from archdsl_search.outcome import State

MakeEvaluator = Callable[[], Evaluator[Any]]

# Seconds in which a process must have imported what it needs and loaded its data.
STARTING = 900.0


class BrokenEvaluatorError(Exception):
    """The evaluator could not be made: no candidate can be evaluated. The message says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may take.

    Attributes:
        threads: of numerical libraries in the process; 0 leaves it to them.
        memory: bytes of memory of its own; 0 is no limit. Not for processes that use CUDA, which reserves far more
            than it uses.
        deadline: seconds for one job; 0 is no limit.
    """

    threads: int = 0
    memory: int = 0
    deadline: float = 0.0


UNLIMITED = Limits()


class Worker:
    """One process and the job it works on.

    The process starts with the first job, is used for many, and is replaced after running out of memory, after being
    stopped and after dying. `connection` becomes readable when `receive` has something to give.
    """

    def __init__(self, make: MakeEvaluator, limits: Limits = UNLIMITED):
        self.job: Job | None = None
        self._make = cloudpickle.dumps(make)
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._started = 0.0
        self._ready = False

    @property
    def connection(self) -> Connection:
        """The connection to the process, for `multiprocessing.connection.wait`."""
        assert self._connection is not None
        return self._connection

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return None if self._process is None else self._process.pid

    @property
    def seconds_left(self) -> float | None:
        """Until the running job's deadline; None without one. While the process starts, until that takes too long."""
        limit = self._limits.deadline if self._ready else STARTING
        if self.job is None or not limit:
            return None
        return self._started + limit - time.monotonic()

    def start(self, job: Job) -> None:
        """Give it a job; it must have none."""
        assert self.job is None
        self.job = job
        self._started = time.monotonic()
        if self._process is None:
            self._spawn()
        with suppress(OSError):  # a process that has just died is found by `receive`
            self.connection.send(replace(job, report=_silent))

    def stop_early(self) -> None:
        """Ask the evaluator to return what it has."""
        with suppress(OSError):
            self.connection.send("stop")

    def receive(self) -> Report | Ending | None:
        """What the process says next; waits for it. None: nothing of interest.

        Raises:
            BrokenEvaluatorError: if the evaluator could not be made.
        """
        try:
            kind, content = self.connection.recv()
        except (EOFError, OSError):
            return self._died()
        if kind == "report":
            return Report(*content)
        if kind == "ready":
            self._ready, self._started = True, time.monotonic()
            return None
        if kind == "broken":
            self.close()
            raise BrokenEvaluatorError(content)
        self.job = None
        if kind == "spent":
            self.close()
        ending: Ending = content
        return ending

    def expire(self) -> Ending:
        """Stop the process because its job is past the deadline.

        Raises:
            BrokenEvaluatorError: if it has not even begun.
        """
        assert self.job is not None
        if not self._ready:
            self.close()
            raise BrokenEvaluatorError(f"a worker was not ready after {STARTING:g} s")
        message = f"stopped at its deadline of {self._limits.deadline:g} s"
        ending = Ending(self.job.trial, State.FAILED, {}, message, time.monotonic() - self._started)
        log = self.job.folder / LOG
        self.close()
        shorten(log, LONGEST)
        return ending

    def close(self) -> None:
        """Kill the process, if there is one; the job is forgotten."""
        process, connection = self._process, self._connection
        self._process = self._connection = self.job = None
        self._ready = False
        if connection is not None:
            connection.close()
        if process is not None:
            # It leads a process group of its own: what the evaluator has started goes with it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _died(self) -> Ending | None:
        process, job = self._process, self.job
        assert process is not None
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        status = process.poll()
        self.close()
        if job is None:
            return None
        shorten(job.folder / LOG, LONGEST)
        seconds = time.monotonic() - self._started
        how = f"signal {-status}" if status is not None and status < 0 else f"exit status {status}"
        return Ending(job.trial, State.FAILED, {}, f"the worker died ({how})", seconds, lost=True)

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "archdsl_search.engines.worker_process", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C is for the driver, which tells its workers
            )
        self._connection = Connection(ours.detach())
        with suppress(OSError):
            self._connection.send((self._limits.memory, self._make))

    def _environment(self) -> dict[str, str]:
        # The process finds what this one finds, also where the path was changed after the start.
        path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
        environment = {**os.environ, "PYTHONPATH": path}
        if self._limits.threads:
            environment |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(self._limits.threads))
        return environment


def _silent(step: int, metrics: Metrics) -> bool:
    """Stands for `Job.report` on the way to another process, which puts its own in."""
    return False
