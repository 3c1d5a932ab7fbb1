"""Workers, nodes and the head of a cluster are lost: every trial has its end, and the run goes on elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from archdsl_search.engines.leftovers import Leftover, leftovers

from .harness import Nodes, Sweeping, end, expect_sound, wait_until

WORKER = "worker_process"


def kill_workers(sweeping: Sweeping, driver: subprocess.Popen[str], every: float, times: int, what: str) -> int:
    """Kill a process of the run again and again, while it goes on; gives how many were."""
    killed = 0
    while driver.poll() is None and killed < times:
        time.sleep(every)
        found = [process for process in _processes(sweeping) if what in process.command]
        if found:
            with suppress(ProcessLookupError):
                os.kill(found[killed % len(found)].pid, signal.SIGKILL)
            killed += 1
    return killed


def _processes(sweeping: Sweeping) -> list[Leftover]:
    """Of the run: found by its mark, or, on a cluster that was there before, by what evaluations have noted."""
    if not sweeping.engine:
        return leftovers(sweeping.run)
    path = sweeping.run / "evaluated"
    pids = {int(line.split()[1]) for line in path.read_text().splitlines()} if path.exists() else set()
    found = []
    for pid in sorted(pids):
        with suppress(OSError):
            with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
                command = file.read().replace(b"\0", b" ").decode()
            with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
                parent = int(file.read().rpartition(")")[2].split()[1])
            found += [Leftover(pid, command), Leftover(parent, "lease")]
    return found


def test_worker_processes_killed_now_and_then(sweeping: Sweeping) -> None:
    sweeping.describe(30, workers=2, seconds=0.4)
    driver = sweeping.begin()
    sweeping.wait_for(2, driver)
    assert kill_workers(sweeping, driver, 0.8, 4, WORKER) == 4
    end(driver)
    expect_sound(sweeping, 30)
    sweeping.expect_nothing_left()


@pytest.mark.slow
@pytest.mark.parametrize("what", [WORKER, "lease"])
def test_workers_of_a_cluster_killed_every_few_seconds(sweeping_on_ray: Sweeping, what: str) -> None:
    sweeping_on_ray.describe(80, workers=3, seconds=0.5)
    driver = sweeping_on_ray.begin()
    sweeping_on_ray.wait_for(2, driver)
    assert kill_workers(sweeping_on_ray, driver, 2.0, 6, what) == 6
    end(driver)
    expect_sound(sweeping_on_ray, 80)


@pytest.mark.slow
def test_a_node_is_lost_and_another_one_comes(sweeping: Sweeping) -> None:
    nodes = Nodes.start(3, 1)
    sweeping.engine = ("--engine", "ray", "--address", nodes.address)
    sweeping.describe(60, workers=3, seconds=0.5)
    driver = sweeping.begin()
    sweeping.wait_for(6, driver)
    nodes.tell("kill node")
    sweeping.wait_for(20, driver)
    nodes.tell("add node")
    end(driver)
    nodes.stop()
    expect_sound(sweeping, 60)
    assert all(line["state"] == "finished" for line in sweeping.results())


@pytest.mark.slow
def test_the_head_is_lost_and_a_fresh_cluster_completes_the_run(sweeping: Sweeping) -> None:
    nodes = Nodes.start(2, 1)
    sweeping.engine = ("--engine", "ray", "--address", nodes.address)
    sweeping.describe(25, workers=2, seconds=0.3)
    driver = sweeping.begin()
    sweeping.wait_for(5, driver)
    nodes.tell("kill head")
    said = end(driver, 2)
    assert "Nothing that is in the journal is lost: resume the run" in said
    assert said.count("\n") <= 3, said
    before = sweeping.results()
    assert len(before) >= 5
    nodes.process.kill()
    nodes.process.communicate()
    fresh = Nodes.start(2, 1)
    sweeping.engine = ("--engine", "ray", "--address", fresh.address)
    end(sweeping.resume())
    fresh.stop()
    expect_sound(sweeping, 25)
    assert sweeping.results()[: len(before)] == before
    done = {line["trial"] for line in before}
    assert all(count == 1 for trial, count in sweeping.evaluations().items() if trial in done)


def test_a_run_that_one_driver_works_on_is_refused_to_another(sweeping: Sweeping) -> None:
    sweeping.describe(10_000, workers=1, seconds=0.1)
    driver = sweeping.begin()
    sweeping.wait_for(1, driver)
    assert "another driver is at work here" in end(sweeping.resume(), 2)
    driver.send_signal(signal.SIGTERM)
    end(driver, 143, 30)
    wait_until(lambda: not leftovers(sweeping.run), "the end of every process", 30)
