"""A driver that is killed at any moment: no result is lost, none counts twice, and the run goes on."""

from __future__ import annotations

import subprocess
import time
from functools import partial
from random import Random

import pytest

from .harness import Sweeping, end, expect_sound, kill, wait_until


def kill_again_and_again(sweeping: Sweeping, kills: int, rng: Random, wait: float) -> None:
    """Kill the driver at random moments, also while it starts, and let it finish in the end.

    Args:
        wait: the longest time, in seconds, between two kills without a new result before one is waited for.
    """
    driver = sweeping.begin()
    for _ in range(kills):
        time.sleep(rng.uniform(0.0, wait))
        if rng.random() < 0.7:  # else wherever it is, mostly in its start
            sweeping.wait_for(len(sweeping.results()) + rng.randint(1, 3), driver)
            time.sleep(rng.uniform(0.0, 0.2))
        kill(driver)
        before, evaluated = sweeping.results(), sweeping.evaluations()
        driver = go_on(sweeping)
        wait_until(partial(is_under_way, sweeping, driver, len(before)), "the next session")
        after = sweeping.results()
        assert after[: len(before)] == before, "a journaled result was lost"
        done = {line["trial"] for line in before}
        again = sweeping.evaluations()
        assert {trial: again[trial] for trial in done} == {trial: evaluated[trial] for trial in done}
    kill(driver)
    done = {line["trial"] for line in sweeping.results()}
    trials = len(done) + 5
    evaluated = sweeping.evaluations()
    end(go_on(sweeping, "--set", f"budget.trials={trials}"))
    expect_sound(sweeping, trials)
    assert all(sweeping.evaluations()[trial] == evaluated[trial] for trial in done)


def go_on(sweeping: Sweeping, *options: str) -> subprocess.Popen[str]:
    """Resume, or begin anew where not even the first line was written."""
    path = sweeping.run / "journal.jsonl"
    if not path.exists() or b"\n" not in path.read_bytes():
        return sweeping.begin(*options)
    return sweeping.resume(*options)


def is_under_way(sweeping: Sweeping, driver: subprocess.Popen[str], results: int) -> bool:
    """Whether the new session has got as far as the journal, or has ended."""
    lines = sweeping.journal()
    more = len([line for line in lines if line["kind"] == "result"]) > results
    return driver.poll() is not None or more or (bool(lines) and lines[-1]["kind"] == "session")


def test_three_kills_on_worker_processes(sweeping: Sweeping) -> None:
    sweeping.describe(10_000, workers=2, seconds=0.1)
    kill_again_and_again(sweeping, 3, Random(0), 0.5)
    sweeping.expect_nothing_left()


@pytest.mark.slow
def test_fifty_kills_on_worker_processes(sweeping: Sweeping) -> None:
    sweeping.describe(10_000, workers=2, seconds=0.1)
    kill_again_and_again(sweeping, 50, Random(1), 2.0)
    sweeping.expect_nothing_left()


def test_a_kill_on_a_cluster(sweeping_on_ray: Sweeping) -> None:
    sweeping_on_ray.describe(10_000, workers=2, seconds=0.1)
    kill_again_and_again(sweeping_on_ray, 1, Random(3), 1.0)


@pytest.mark.slow
def test_fifty_kills_on_a_cluster(sweeping_on_ray: Sweeping) -> None:
    sweeping_on_ray.describe(10_000, workers=3, seconds=0.1)
    kill_again_and_again(sweeping_on_ray, 50, Random(2), 5.0)
