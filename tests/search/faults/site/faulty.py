"""An installed package with an evaluator that goes wrong where it is told to. Sweep files name it `faulty`."""

from __future__ import annotations

import os
import signal
import time
from hashlib import sha256
from typing import Any

from pydantic import Field

from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics


class FaultySettings(EvaluatorSettings):
    """How long each evaluation takes, and what happens in which trial."""

    seconds: float = 0.0
    faults: dict[str, list[int]] = Field({})
    kilobytes: int = 0


class Faulty(Evaluator[FaultySettings]):
    """The metric `score` follows from the decisions; every evaluation is noted in `RUN/evaluated`."""

    name = "faulty"
    settings_type = FaultySettings
    metrics = ("score", "pid")

    def evaluate(self, job: Job) -> Metrics:
        _note(job)
        wrong = next((name for name, trials in self.settings.faults.items() if job.trial in trials), "")
        if wrong:
            found: Any = getattr(self, wrong)()
            return {"score": found, "pid": os.getpid()} if found is not None else {"pid": os.getpid()}
        time.sleep(self.settings.seconds)
        if self.settings.kilobytes:
            job.folder.mkdir(parents=True, exist_ok=True)
            (job.folder / "artefact").write_bytes(b"x" * 1024 * self.settings.kilobytes)
        score = int.from_bytes(sha256(repr(sorted(job.decisions.items())).encode()).digest()[:4]) / 2**32
        return {"score": score, "pid": os.getpid()}

    def hang(self) -> None:
        while True:
            time.sleep(1.0)

    def memory(self) -> None:
        bytearray(64 << 30)

    def raised(self) -> None:
        raise ValueError("of no use")

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def nan(self) -> float:
        return float("nan")

    def infinite(self) -> float:
        return float("-inf")

    def missing(self) -> None:
        return None

    def string(self) -> str:
        return "0.97"

    def chatter(self) -> float:
        for _ in range(1024):
            print("x" * 1023)
        return 0.5


def _note(job: Job) -> None:
    """One line, written at once: several processes append to the file."""
    run = job.folder.parent.parent
    run.mkdir(parents=True, exist_ok=True)
    file = os.open(run / "evaluated", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{job.trial} {os.getpid()} {os.environ.get('CUDA_VISIBLE_DEVICES', '-')}\n".encode())
    os.close(file)
