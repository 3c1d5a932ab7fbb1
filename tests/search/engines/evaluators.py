"""An evaluator that does what its settings and the job's decisions tell it, for tests of engines."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from archdsl_search.engines.base import Ending, Engine
from archdsl_search.engines.worker import MakeEvaluator
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, InfeasibleError, Job, Metrics


class Obedient(Evaluator[EvaluatorSettings]):
    """Does what `decisions["do"]` says; the metric `score` is the number of the trial."""

    name: ClassVar[str] = "obedient"
    metrics: ClassVar[tuple[str, ...]] = ("score",)

    def __init__(self) -> None:
        super().__init__(None, EvaluatorSettings())  # type: ignore[arg-type]

    def evaluate(self, job: Job) -> Metrics:
        what = str(job.decisions.get("do", "score"))
        action, _, argument = what.partition(" ")
        if action == "sleep":
            time.sleep(float(argument))
        elif action == "report":
            for step in range(int(argument)):
                if job.report(step, {"score": step}):
                    return {"score": float(step), "stopped": 1.0}
                time.sleep(0.05)
        elif action == "tensors":
            import torch

            return {"score": torch.tensor(float(job.trial)), "other": torch.ones(2)}  # type: ignore[dict-item]
        elif action != "score":
            getattr(self, action)()
        return {"score": float(job.trial), "pid": float(os.getpid())}

    def fail(self) -> None:
        raise ValueError("of no use\nin two lines")

    def print(self) -> None:
        print("hello from python", flush=True)
        os.write(2, b"hello from below\n")

    def refuse(self) -> None:
        raise InfeasibleError("too large for this device")

    def exhaust(self) -> None:
        raise MemoryError("no more")

    def allocate(self) -> None:
        bytearray(8 << 30)

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def fork(self) -> None:
        """The child comes back from the evaluation at once, as a library that forks carelessly lets it."""
        if os.fork():
            time.sleep(0.5)

    def leave(self) -> None:
        os._exit(3)

    def hang(self) -> None:
        """As a library does that never gives the interpreter back."""
        ctypes.PyDLL(None).sleep(1000)


def broken() -> Evaluator[Any]:
    raise FileNotFoundError("there is no such table")


def job(trial: int, folder: Path, do: str = "score") -> Job:
    """A job whose evaluation does `do`."""
    return Job(trial, {"do": do}, f"identity{trial}", 0, folder / f"trial{trial}")


def finish(engine: Engine, jobs: Sequence[Job], seconds: float = 60.0) -> dict[int, Ending]:
    """Submit jobs and wait for the ending of each."""
    engine.submit(jobs)
    found: dict[int, Ending] = {}
    until = time.monotonic() + seconds
    while len(found) < len(jobs):
        assert time.monotonic() < until, f"only {sorted(found)} ended"
        for ending in engine.wait(1.0):
            assert ending.trial not in found
            found[ending.trial] = ending
    return found


def maker() -> MakeEvaluator:
    """What an engine makes its evaluator with."""
    return partial(Obedient)
