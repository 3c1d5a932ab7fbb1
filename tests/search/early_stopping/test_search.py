"""Early stopping in a search: on both engines, in the journal, and after a resume."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import archdsl
import archdsl_search
from archdsl_search.driver.halting import Halting
from archdsl_search.early_stopping.asha import Asha
from archdsl_search.early_stopping.base import EarlyStoppingSettings
from archdsl_search.engines.base import Ending, Report
from archdsl_search.outcome import State

SPACE = """\
archdsl: 1
name: widths
inputs: {image: [1, 8, 8]}
graph:
  - conv2d: {out_channels: {choose: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}, kernel_size: 1}
  - global_avg_pool2d
  - linear: {out_features: 2}
"""


def slow_learner(module: object, architecture: archdsl.Architecture, job: archdsl_search.Job) -> dict[str, float]:
    """Gets better with every step, the more the wider it is."""
    width = float(next(iter(architecture.decisions.values())))  # type: ignore[arg-type]
    for step in range(1, 10):
        time.sleep(0.1)
        if job.report(step, {"accuracy": width * step}):
            break
    return {"accuracy": width * step, "steps": float(step)}


def sweep(folder: Path) -> dict[str, Any]:
    (folder / "space.yaml").write_text(SPACE)
    return {
        "space": str(folder / "space.yaml"),
        "searcher": "random",
        "early_stopping": {"name": "asha", "reduction": 2, "max_steps": 9},
        "budget": {"trials": 12},
        "resources": {"workers": 2},
        "seed": 1,
    }


@pytest.mark.parametrize("engine", ["local", "ray"])
def test_the_poor_are_stopped_and_the_best_is_trained_to_the_end(engine, tmp_path):
    archdsl_search.run(sweep(tmp_path), slow_learner, tmp_path / "run", engine)
    lines = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    results = {line["trial"]: line for line in lines if line["kind"] == "result"}
    stopped = [line for line in results.values() if line["metrics"].get("stopped_early")]
    assert {line["state"] for line in results.values()} == {"finished"}
    assert stopped
    rungs = [line for line in lines if line["kind"] == "rung" and line["stopped"]]
    # Word of the last rung may come too late; that of the others has five steps to arrive.
    early = {line["trial"] for line in rungs if line["step"] <= 4}
    assert early
    assert all(results[trial]["metrics"]["steps"] < 9 for trial in early)
    best = max(results.values(), key=lambda line: line["objective"])
    assert best["objective"] == 12 * 9
    assert {line["trial"] for line in rungs} >= {line["trial"] for line in stopped}


def test_a_stopped_trial_that_runs_again_is_stopped_at_the_same_step():
    """Its worker, or the driver, was lost after the decision and before the end."""
    rule = Asha(EarlyStoppingSettings(name="asha", reduction=2, max_steps=9))
    first = Halting(rule)
    for trial, value in enumerate([3.0, 2.0, 1.0]):
        rung = first.look(Report(trial, 1, {"accuracy": value}))
        assert rung is not None
    assert first.is_over(Report(2, 1, {}))
    again = Halting(Asha(rule.settings))
    again.recall(rung)
    assert again.look(Report(2, 1, {"accuracy": 1.0})) is None
    assert again.is_over(Report(2, 1, {"accuracy": 1.0}))
    assert not again.is_over(Report(1, 1, {"accuracy": 2.0}))
    assert again.ended(Ending(2, State.FINISHED)) == {"stopped_early": 1.0}
    assert again.ended(Ending(1, State.FINISHED)) == {}


def test_a_metric_that_is_never_reported_is_refused(tmp_path):
    wrong = sweep(tmp_path) | {"early_stopping": {"name": "asha", "metric": "acuracy"}, "evaluator": "training"}
    with pytest.raises(ValueError, match="does not measure `acuracy`"):
        archdsl_search.run(wrong, out=tmp_path / "run")
    light = sweep(tmp_path) | {"evaluator": "cost"}
    with pytest.raises(ValueError, match="reports no steps"):
        archdsl_search.run(light, out=tmp_path / "run")


def test_wrong_settings_are_said_at_their_place(tmp_path):
    wrong = sweep(tmp_path) | {"early_stopping": {"name": "asha", "graze": 2}}
    with pytest.raises(ValueError, match=r"early_stopping.*graze.*grace"):
        archdsl_search.run(wrong, slow_learner, tmp_path / "run")
