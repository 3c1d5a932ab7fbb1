"""Sweeps whose evaluations go wrong, the command line in processes that tests stop and kill, and what must hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archdsl_search.engines.leftovers import leftovers
from tests.search.small_runs import SPACE

SITE = Path(__file__).with_name("site")
# Generous: machines that run tests are busy.
PATIENCE = 180.0


@dataclass
class Sweeping:
    """A sweep in a folder, and its run.

    Attributes:
        engine: options of the command line that say who carries it out.
    """

    folder: Path
    engine: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def run(self) -> Path:
        """The folder of the run."""
        return self.folder / "run"

    def describe(
        self,
        trials: int,
        workers: int = 2,
        seconds: float = 0.0,
        faults: dict[str, list[int]] | None = None,
        **more: Any,
    ) -> None:
        """Write the sweep file; every proposal is evaluated."""
        (self.folder / "space.yaml").write_text(SPACE)
        sweep = {
            "space": "space.yaml",
            "identity": "none",
            "searcher": {"name": "regularized_evolution", "population": 6, "sample": 3},
            "evaluator": {"name": "faulty", "seconds": seconds, "faults": faults or {}},
            "objective": {"name": "maximize", "metric": "score"},
            "budget": {"trials": trials},
            "resources": {"workers": workers, **more},
        }
        (self.folder / "sweep.yaml").write_text(json.dumps(sweep))

    def begin(self, *options: str) -> subprocess.Popen[str]:
        """`archdsl search run`."""
        return self.start("run", self.folder / "sweep.yaml", "--out", self.run, *self.engine, "--quiet", *options)

    def resume(self, *options: str) -> subprocess.Popen[str]:
        """`archdsl search resume`."""
        return self.start("resume", self.run, *self.engine, "--quiet", *options)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """`archdsl search ...`, in a process of its own."""
        command = [sys.executable, "-m", "archdsl", "search", *map(str, arguments)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(self.environment)
        )

    def journal(self) -> list[dict[str, Any]]:
        """The whole lines."""
        path = self.run / "journal.jsonl"
        found = []
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
            with suppress(ValueError):
                found.append(json.loads(line))
        return found

    def results(self) -> list[dict[str, Any]]:
        """Ends of trials."""
        return [line for line in self.journal() if line["kind"] == "result"]

    def evaluations(self) -> Counter[int]:
        """How often each trial was evaluated."""
        path = self.run / "evaluated"
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(int(line.split()[0]) for line in lines)

    def wait_for(self, results: int, driver: subprocess.Popen[str]) -> None:
        """Until so many trials have ended."""
        wait_until(lambda: len(self.results()) >= results or driver.poll() is not None, f"{results} results")

    def expect_nothing_left(self) -> None:
        """No process of the run outlives it; those that were told to end take a moment."""
        wait_until(lambda: not leftovers(self.run), lambda: f"left: {leftovers(self.run)}", 30)


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """For programs that find the evaluator, as if it were installed."""
    path = os.pathsep.join([str(SITE), *sys.path])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **(more or {})}


def end(driver: subprocess.Popen[str], status: int = 0, seconds: float = PATIENCE) -> str:
    """Wait for the end of a driver, which must have this status; gives what it printed."""
    out, err = driver.communicate(timeout=seconds)
    assert driver.returncode == status, f"{driver.returncode}: {out}{err}"
    return out + err


def kill(driver: subprocess.Popen[str]) -> None:
    """SIGKILL."""
    driver.kill()
    driver.communicate()


def wait_until(so: Callable[[], bool], what: str | Callable[[], str], seconds: float = PATIENCE) -> None:
    """Wait for something to be so."""
    until = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < until, what if isinstance(what, str) else what()
        time.sleep(0.05)


def expect_sound(sweeping: Sweeping, trials: int) -> None:
    """Every trial that was asked for has one result, and as many were paid for as the budget allows."""
    lines = sweeping.journal()
    asked = [line["trial"] for line in lines if line["kind"] == "asked" and line["identity"] is not None]
    ended = [line["trial"] for line in lines if line["kind"] == "result"]
    assert sorted(ended) == asked == list(range(trials))
    assert lines[-1]["kind"] == "session"
    assert lines[-1]["event"] == "completed"


@dataclass
class Nodes:
    """A cluster of several nodes in a process of its own."""

    process: subprocess.Popen[str]
    address: str

    @classmethod
    def start(cls, nodes: int = 2, cpus: int = 2, gpus: int = 0) -> Nodes:
        """Start it; GPUs are declared for each node, whether it has any or not."""
        script = Path(__file__).with_name("cluster.py")
        for _ in range(3):  # Ray gives up after some seconds, which a busy machine may need
            process = subprocess.Popen(
                [sys.executable, str(script), str(nodes), str(cpus), str(gpus)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(),
            )  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:  # Ray may say something first
                if line.startswith("127.0.0.1:"):
                    return cls(process, line.strip())
            process.communicate()
        raise AssertionError("the cluster has not started")

    def tell(self, command: str) -> None:
        """Have something done, and wait until it is."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        while self.process.stdout.readline().strip() != "done":
            assert self.process.poll() is None

    def stop(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
