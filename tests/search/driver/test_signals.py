"""A driver that is stopped or killed: it ends in time, nothing is left running, and the run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import SPACE

PROGRAM = """
import sys, time
from pathlib import Path
import archdsl_search

def evaluate(module, job):
    Path("evaluated").open("a").write(f"{job.trial}\\n")
    time.sleep(0.3)
    return float(job.trial)

sweep = {
    "space": "small.yaml", "searcher": {"name": "random", "distinct": False}, "identity": "none",
    "budget": {"trials": 8}, "resources": {"workers": 2}, "objective": {"name": "maximize", "metric": "accuracy"},
}
if len(sys.argv) > 1:
    found = archdsl_search.resume("run", evaluate)
else:
    found = archdsl_search.run(sweep, evaluate, "run")
print(found.trials, found.finished)
"""


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "small.yaml").write_text(SPACE, encoding="utf-8")
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "program.py", *arguments], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def results(folder: Path) -> list[dict[str, Any]]:
    path = folder / "run" / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            break  # it is being written
    return [line for line in found if line["kind"] == "result"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_driver_leaves_nothing_behind_and_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    process = started(tmp_path)
    until = time.monotonic() + 120
    while len(results(tmp_path)) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    workers = children(process.pid)
    assert workers
    process.send_signal(number)
    process.communicate(timeout=30)
    if number is not signal.SIGKILL:
        last = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["event"] == "stopped"
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}/cmdline").exists() and is_ours(pid) for pid in workers):
        assert time.monotonic() < until, "workers outlive their driver"
        time.sleep(0.1)
    before = results(tmp_path)
    again = started(tmp_path, "resume")
    out, err = again.communicate(timeout=120)
    assert (again.returncode, out) == (0, "8 8\n"), err
    after = results(tmp_path)
    assert after[: len(before)] == before
    assert sorted(line["trial"] for line in after) == list(range(8))
    evaluated = [int(line) for line in (tmp_path / "evaluated").read_text().split()]
    done_before = {line["trial"] for line in before}
    assert all(evaluated.count(trial) == 1 for trial in done_before)


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def is_ours(pid: int) -> bool:
    try:
        return b"worker_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
