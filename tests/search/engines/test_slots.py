"""The benchmark of throughput, made small: as many slots as it has, on one asynchronous actor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_five_hundred_slots_on_one_asynchronous_actor():
    command = [sys.executable, str(ROOT / "benchmarks" / "sweep" / "run.py"), "slots"]
    sizes = ["--slots", "500", "--seconds", "1", "--trials", "1500"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run([*command, *sizes], capture_output=True, text=True, env=environment, timeout=240)
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout.splitlines()[-1])
    # None is lost, none done twice; how fast depends on what else the machine does.
    assert found["done_by_actor"] == 1500
    assert 0 < found["per_second"] <= found["ideal"] * 1.5
