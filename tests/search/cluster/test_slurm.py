"""The batch script, run with stand-ins for SLURM's commands, Ray and the driver that write down what they are given."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "search" / "cluster" / "slurm" / "sweep.sbatch"
LOG = 'echo "$(basename "$0") $*" >>"$CALLS"\n'
STANDINS = {
    "scontrol": LOG + '[ "$1" = show ] && printf "node1\\nnode2\\nnode3\\n"; true',
    # srun runs what follows its options on this machine.
    "srun": LOG + 'while [ "${1#-}" != "$1" ]; do [ "$1" = -w ] && shift; shift; done; exec "$@"',
    "hostname": "echo 192.0.2.1",
    "ray": LOG + 'echo "mode $RAY_AUTH_MODE token $(cat "$RAY_AUTH_TOKEN_PATH")" >>"$CALLS"',
    "sleep": "true",
    # The driver begins once both parts of the cluster are there.
    "archdsl": LOG + "trap 'echo stopped >>\"$CALLS\"; exit 0' TERM\n"
    'until [ "$(grep -c ^mode "$CALLS")" = 2 ]; do /bin/sleep 0.05; done\n'
    'echo ready >>"$CALLS"\n'
    '[ -n "${DRIVER_WAITS:-}" ] && while :; do /bin/sleep 0.05; done\n'
    'exit "${DRIVER_STATUS:-0}"',
}


@pytest.fixture
def machine(tmp_path):
    """The environment of a job on three nodes; `CALLS` is where the stand-ins write."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in STANDINS.items():
        path = folder / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "node[1-3]",
    }


def calls(machine: dict[str, str]) -> str:
    path = Path(machine["CALLS"])
    return path.read_text() if path.exists() else ""


def start(machine: dict[str, str], run: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["bash", str(SCRIPT), "sweep.yaml", str(run), "--set", "seed=3"], env=machine)


def test_a_first_start_runs_the_sweep_on_all_nodes_with_one_token(machine, tmp_path):
    assert start(machine, tmp_path / "run").wait(30) == 0
    said = calls(machine)
    driver = f"search run sweep.yaml --out {tmp_path}/run --engine ray --address 192.0.2.1:20007 --set seed=3"
    assert f"archdsl {driver}" in said
    assert "ray start --head --node-ip-address=192.0.2.1 --port=20007 --dashboard-host=127.0.0.1" in said
    assert "ray start --address=192.0.2.1:20007" in said
    tokens = {line for line in said.splitlines() if line.startswith("mode ")}
    assert len(tokens) == 1
    assert len(tokens.pop().removeprefix("mode token token ").strip()) == 64
    assert not list((tmp_path / "run").glob(".ray_token*"))


def test_a_run_that_is_there_is_resumed(machine, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "journal.jsonl").touch()
    assert start(machine, run).wait(30) == 0
    assert f"archdsl search resume {run} --engine ray" in calls(machine)


def test_preemption_stops_the_driver_and_puts_the_job_back_into_the_queue(machine, tmp_path):
    job = start({**machine, "DRIVER_WAITS": "1"}, tmp_path / "run")
    deadline = time.monotonic() + 30
    while "ready" not in calls(machine):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    job.send_signal(signal.SIGUSR1)
    assert job.wait(30) == 0
    said = calls(machine)
    assert "stopped" in said
    assert said.rstrip().endswith("scontrol requeue 7")


def test_a_failed_driver_fails_the_job_and_is_not_started_again(machine, tmp_path):
    assert start({**machine, "DRIVER_STATUS": "2"}, tmp_path / "run").wait(30) == 2
    assert "requeue" not in calls(machine)


def test_wrong_usage_is_said(machine):
    done = subprocess.run(["bash", str(SCRIPT)], env=machine, capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: sbatch" in done.stderr
