"""Trained weights of the best trials by the objective stay, whatever their accuracy, and those of the others go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archdsl_search
from archdsl_search.driver import engines
from archdsl_search.driver.weights import WeightsKeeper, ranked, weights_keeper
from archdsl_search.engines.in_process import InProcessEngine
from archdsl_search.evaluators.base import Evaluator, Job, Metrics
from archdsl_search.evaluators.keeping import WEIGHTS, keep_weights
from archdsl_search.journal.records import Result
from archdsl_search.outcome import State
from archdsl_search.pareto import dominates, first_front
from archdsl_search.sweep.loading import sweep_of
from archdsl_search.sweep.parts import put_together

SPACE = """\
archdsl: 1
name: widths
inputs: {image: [1, 8, 8]}
graph:
  - conv2d: {out_channels: {choose: [1, 2, 3, 4, 5, 6, 7, 8]}, kernel_size: 1}
"""
TRAINING = {"name": "training", "keep": 2, "also": [{"name": "latency"}]}


class Trained(Evaluator[Any]):
    """Writes weights like a training; wider is more accurate and slower, and widths of 6 break it afterwards."""

    name = "trained"
    metrics = ("accuracy", "latency")

    def evaluate(self, job: Job) -> Metrics:
        (width,) = job.decisions.values()
        assert isinstance(width, int)
        keep_weights(torch.nn.Linear(1, 1), job.folder)
        if width == 6:
            raise RuntimeError("no latency")
        return {"accuracy": width / 10, "latency": float(width**2)}


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """All eight widths in order; trained in this process."""

    def opened(name: str, parts: Any, address: str = "") -> InProcessEngine:
        return InProcessEngine(lambda: Trained(parts.space.space, parts.plan.settings), 1)

    monkeypatch.setattr(engines, "open_engine", opened)
    (tmp_path / "space.yaml").write_text(SPACE)
    space = str(tmp_path / "space.yaml")
    return {"space": space, "searcher": "grid", "evaluator": TRAINING, "budget": {"trials": 8}}


def left(run: Path) -> list[int]:
    """Widths whose weights are there."""
    return sorted(int(path.parent.name) + 1 for path in (run / "trials").glob(f"*/{WEIGHTS}"))


@pytest.mark.parametrize(
    ("changes", "widths"),
    [
        ({}, [7, 8]),
        # accuracy * 1 up to 9 ms, then accuracy * 9 / latency = 0.9 / width
        ({"objective": {"name": "mnasnet", "target": 9, "mode": "hard"}}, [3, 4]),
        ({"constraints": {"latency": {"at_most": 25}}}, [4, 5]),
        ({"constraints": {"latency": {"at_most": 1}}}, [1, 2]),  # those beyond it last, the earlier before the later
    ],
)
def test_the_objective_says_whose_weights_stay(
    sweep: dict[str, Any], tmp_path: Path, changes: dict[str, Any], widths: list[int]
) -> None:
    archdsl_search.run({**sweep, **changes}, out=tmp_path / "run")
    assert left(tmp_path / "run") == widths
    assert len(list((tmp_path / "run" / "trials").glob("*/*"))) == 2


def test_a_resumed_run_knows_the_earlier_ones_and_clears_what_a_crash_left(
    sweep: dict[str, Any], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    sweep["objective"] = {"name": "mnasnet", "target": 9, "mode": "hard"}
    archdsl_search.run({**sweep, "budget": {"trials": 3}}, out=run)
    assert left(run) == [2, 3]
    keep_weights(torch.nn.Linear(1, 1), run / "trials" / "000000")
    archdsl_search.resume(run, overrides={"budget.trials": 8})
    assert left(run) == [3, 4]


@pytest.mark.parametrize(
    ("evaluator", "keep"),
    [
        ({"name": "training"}, 10),
        ({"name": "training", "keep": 0}, None),
        ({"name": "training", "keep": "all"}, None),
        ({"name": "cost", "also": [{"name": "training", "keep": 3}]}, 3),
        ({"name": "cost"}, None),
    ],
)
def test_what_a_sweep_asks_for(tmp_path: Path, evaluator: dict[str, Any], keep: int | None) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    sweep = sweep_of({"space": str(tmp_path / "space.yaml"), "evaluator": evaluator, "budget": {"trials": 1}})
    found = weights_keeper(put_together(sweep), tmp_path)
    if keep is None:
        assert found is None
        return
    assert found is not None
    for trial in range(keep + 1):
        keep_weights(torch.nn.Linear(1, 1), tmp_path / "trials" / f"{trial:06d}")
        found.on_result(Result(trial, State.FINISHED, (float(trial),), {}, str(trial), {}, "", None))
    assert left(tmp_path) == list(range(2, keep + 2))


def test_other_files_of_a_trial_stay(tmp_path: Path) -> None:
    keeper = WeightsKeeper(tmp_path, 1)
    for trial, value in enumerate((0.5, 0.9)):
        folder = tmp_path / f"{trial:06d}"
        keep_weights(torch.nn.Linear(1, 1), folder)
        (folder / "log.txt").write_text("said")
        keeper.on_result(Result(trial, State.FINISHED, (value,), {}, str(trial), {}, "", None))
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*"))
    assert found == ["000000/log.txt", "000001/log.txt", f"000001/{WEIGHTS}"]


def test_the_front_comes_first_and_its_ends_before_its_middle() -> None:
    trials = {0: (0.9, -9.0), 1: (0.8, -10.0), 2: None, 3: (0.5, -5.0), 4: (0.1, -1.0), 5: (0.5, -5.0), 6: (0.0, -2.0)}
    # Trial 5 equals trial 3; trials 1 and 6 are beaten by 0 and 4.
    assert ranked(trials) == [0, 4, 3, 5, 1, 6, 2]


VALUES = st.tuples(st.integers(0, 5).map(float), st.integers(0, 5).map(float))


@given(st.dictionaries(st.integers(0, 30), st.none() | VALUES, max_size=12))
def test_nobody_comes_before_one_that_beats_it(trials: dict[int, tuple[float, ...] | None]) -> None:
    order = ranked(trials)
    assert sorted(order) == sorted(trials)
    points = [trials[trial] for trial in order]
    finished = [point for point in points if point is not None]
    assert points[: len(finished)] == finished
    assert not any(dominates(late, early) for i, early in enumerate(finished) for late in finished[i:])
    assert sorted(finished[: len(first_front(finished))]) == sorted(finished[i] for i in first_front(finished))
