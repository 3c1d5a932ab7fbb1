"""`archdsl search run --check`: says what a sweep needs, has and takes, and leaves nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl_search.driver.estimating import estimate
from archdsl_search.sweep.model import Budget, Resources

from .conftest import Said

Call = Callable[..., Said]


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_a_check_says_how_long_it_takes_and_writes_nothing(call: Call, folder: Path) -> None:
    before = files(folder)
    said = call("run", folder / "sweep.yaml", "--check", "--probe", 3)
    assert said.status == 0
    assert "each trial needs 1 CPU; 1 are wanted at once" in said.out
    assert "3 of 3 candidates finished" in said.out
    assert "estimate: 12 trials, until the budget of trials is used up, 1 at once" in said.out
    assert "evaluating 3 candidates" in said.err
    assert files(folder) == before


def test_a_check_as_data(call: Call, folder: Path) -> None:
    options = ["--set", "budget.simulated_seconds=75", "--price", "2", "--format", "json", "--quiet"]
    said = call("run", folder / "sweep.yaml", "--check", *options)
    assert (said.status, said.err) == (0, "")
    found = json.loads(said.out)
    assert (found["fine"], found["at_once"], found["needs"]["per_trial"]) == (True, 1, {"CPU": 1.0})
    assert (found["probe"]["finished"], found["probe"]["simulated"]) == (1, 30.0)
    # 30 simulated seconds each: the third one uses up 75 of them.
    assert (found["estimate"]["trials"], found["estimate"]["limit"]) == (3, "simulated_seconds")
    assert found["estimate"]["cost"] == pytest.approx(2 * found["estimate"]["cpu_hours"])


def test_no_probe_no_estimate(call: Call, folder: Path) -> None:
    found = json.loads(call("run", folder / "sweep.yaml", "--check", "--probe", 0, "--format", "json").out)
    assert found["probe"] is found["estimate"] is None


def test_an_endless_wait_is_a_finding(call: Call, folder: Path) -> None:
    said = call("run", folder / "sweep.yaml", "--check", "--set", "resources.gpus=1000")
    assert said.status == 1
    assert "needs 1000 GPUs per trial, this machine has " in said.out
    assert "problem: the sweep would wait without end" in said.out


def test_limits_that_nothing_meets_are_a_finding(call: Call, folder: Path) -> None:
    said = call("run", folder / "sweep.yaml", "--check", "--set", "constraints.params.at_most=1")
    assert said.status == 1
    assert "problem: none of 200 candidates drawn at random is within the limits of the sweep" in said.out


def test_options_that_do_not_go_together(call: Call, folder: Path) -> None:
    assert call("run", folder / "sweep.yaml").status == 2
    said = call("run", folder / "sweep.yaml", "--out", folder / "run", "--price", "1")
    assert (said.status, "--price is for --check" in said.err) == (2, True)
    assert call("run", folder / "sweep.yaml", "--check", "--address", "127.0.0.1:1").status == 2


def test_an_engine_that_cannot_begin_leaves_no_run(call: Call, folder: Path) -> None:
    run = folder / "run"
    for engine in ([], ["--engine", "ray"]):
        said = call("run", folder / "sweep.yaml", "--out", run, "--address", "127.0.0.1:1", *engine)
        assert said.status == 2
        assert not run.exists()
    assert call("run", folder / "sweep.yaml", "--out", run, "--quiet").status == 0


@pytest.mark.parametrize("options", [["--check"], ["--out"]])
def test_a_missing_ray_is_named_and_leaves_no_run(
    options: list[str], call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    out = [folder / "run"] if options == ["--out"] else []
    said = call("run", folder / "sweep.yaml", "--engine", "ray", *options, *out)
    assert said.status == 2
    assert "--engine ray needs the package ray: pip install 'archdsl[ray]'" in said.err
    assert not (folder / "run" / "journal.jsonl").exists()


def test_what_is_used_up_first_counts() -> None:
    found = estimate(Budget(trials=100, seconds=600), Resources(cpus=2, gpus=0.5), 4, 30.0, price=3.0)
    assert (found.trials, found.limit, found.seconds) == (80, "seconds", 600.0)
    assert (found.cpu_hours, found.gpu_hours) == pytest.approx((80 * 30 * 2 / 3600, 80 * 30 * 0.5 / 3600))
    assert found.cost == pytest.approx(found.gpu_hours * 3.0)
    assert estimate(Budget(gpu_seconds=100), Resources(gpus=0.5), 1, 20.0).trials == 10
    assert estimate(Budget(simulated_seconds=100), Resources(), 1, 20.0).trials == 0
