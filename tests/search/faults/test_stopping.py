"""However a driver ends, no process of its run outlives it; `clean` ends what a kill can leave."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from archdsl_search.engines.leftovers import leftovers

from .harness import Sweeping, end, kill, wait_until

LOCAL = ()
RAY = ("--engine", "ray")  # a cluster of its own, on this machine
SECONDS = 30.0


def stop(sweeping: Sweeping, number: signal.Signals) -> None:
    """Send a signal in mid-search: the driver ends in time, with the status that shells expect."""
    sweeping.describe(10_000, workers=2, seconds=0.1, faults={"hang": [3]})
    driver = sweeping.begin()
    sweeping.wait_for(6, driver)
    driver.send_signal(number)
    began = time.monotonic()
    said = end(driver, 128 + number, SECONDS)
    assert time.monotonic() - began < SECONDS
    assert "goes on" in said
    assert sweeping.journal()[-1]["event"] == "stopped"
    sweeping.expect_nothing_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_worker_processes(tmp_path: Path, number: signal.Signals) -> None:
    stop(Sweeping(tmp_path, LOCAL), number)


def test_a_signal_ends_a_cluster(tmp_path: Path) -> None:
    stop(Sweeping(tmp_path, RAY), signal.SIGTERM)


@pytest.mark.slow
def test_ctrl_c_ends_a_cluster(tmp_path: Path) -> None:
    stop(Sweeping(tmp_path, RAY), signal.SIGINT)


@pytest.mark.parametrize("engine", [LOCAL, pytest.param(RAY, marks=pytest.mark.slow)])
def test_nothing_is_left_after_the_end(tmp_path: Path, engine: tuple[str, ...]) -> None:
    sweeping = Sweeping(tmp_path, engine)
    sweeping.describe(6, workers=2)
    end(sweeping.begin())
    sweeping.expect_nothing_left()


@pytest.mark.slow
def test_clean_ends_what_a_kill_has_left(tmp_path: Path) -> None:
    sweeping = Sweeping(tmp_path, RAY)
    sweeping.describe(10_000, workers=2, seconds=0.1)
    driver = sweeping.begin()
    sweeping.wait_for(3, driver)
    kept = sweeping.start("clean", sweeping.run)
    assert "a driver is at work here" in end(kept, 2)
    kill(driver)
    before = sweeping.results()
    # Whatever Ray's processes do by themselves in the meantime: afterwards there are none.
    ended = json.loads(end(sweeping.start("clean", sweeping.run, "--format", "json")))
    assert all(set(process) == {"pid", "command"} for process in ended["processes"])
    # What Tune had been given to write to: the driver had no time to remove it.
    assert any("archdsl-tune-" in folder for folder in ended["folders"])
    assert not any(Path(folder).exists() for folder in ended["folders"])
    assert leftovers(sweeping.run) == []
    assert "nothing was left behind" in end(sweeping.start("clean", sweeping.run))
    assert sweeping.results()[: len(before)] == before


@pytest.mark.slow
def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    sweeping = Sweeping(tmp_path, LOCAL)
    sweeping.describe(10_000, workers=2, faults={"hang": list(range(4, 10_000))})
    driver = sweeping.begin()
    sweeping.wait_for(4, driver)
    driver.send_signal(signal.SIGTERM)
    driver.send_signal(signal.SIGTERM)
    wait_until(lambda: driver.poll() is not None, "the end of the driver", SECONDS)
    driver.communicate()
    sweeping.expect_nothing_left()
