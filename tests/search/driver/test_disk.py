"""`resources.disk`: what goes first, what never goes, and that a run keeps to it."""

from __future__ import annotations

from pathlib import Path

import archdsl_search
from archdsl_search.driver.disk import DiskKeeper, disk_keeper
from archdsl_search.journal.records import Result
from archdsl_search.outcome import State
from archdsl_search.sweep.loading import sweep_of
from archdsl_search.sweep.parts import put_together

SPACE = """\
archdsl: 1
name: widths
inputs: {image: [1, 8, 8]}
graph:
  - conv2d: {out_channels: {choose: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}, kernel_size: 1}
"""


def keeper(trials: Path, most: int, keep: int, values: list[tuple[float, ...] | None]) -> tuple[DiskKeeper, list[str]]:
    """One trial a value, each with a log and weights of 100 bytes; the last one runs still."""
    said: list[str] = []
    made = DiskKeeper(trials, most, keep, said.append)
    for trial, found in enumerate([*values, (1e9,)]):
        folder = trials / f"{trial:06d}"
        folder.mkdir(parents=True)
        (folder / "log.txt").write_bytes(b"x" * 100)
        (folder / "weights.safetensors").write_bytes(b"x" * 100)
        if trial < len(values):
            state = State.FINISHED if found else State.FAILED
            made.on_result(Result(trial, state, found, {}, str(trial), {}, "", None))
    return made, said


def left(trials: Path) -> set[str]:
    return {f"{int(path.parent.name)} {path.name.partition('.')[0]}" for path in trials.glob("*/*")}


def test_logs_of_finished_trials_go_first_then_the_worst_weights(tmp_path: Path) -> None:
    values: list[tuple[float, ...] | None] = [(0.5,), None, (0.9,), (0.1,)]
    made, said = keeper(tmp_path, 800, 1, values)
    assert made.look() == 800
    assert left(tmp_path) == {*(f"{n} weights" for n in range(5)), "1 log", "2 log", "4 log"}
    made, said = keeper(tmp_path / "b", 600, 1, values)
    assert made.look() == 600  # the failed trial's weights, then those of trial 3
    assert left(tmp_path / "b") == {"0 weights", "2 weights", "4 weights", "1 log", "2 log", "4 log"}
    assert said == []


def test_the_best_and_what_runs_stay_whatever_they_take(tmp_path: Path) -> None:
    made, said = keeper(tmp_path, 10, 2, [(0.5,), None, (0.9,), (0.1,)])
    assert made.look() == 600
    assert made.look() == 600
    assert left(tmp_path) == {f"{n} {what}" for n in (0, 2, 4) for what in ("log", "weights")}
    assert len(said) == 1
    assert "600 bytes, more than resources.disk" in said[0]


def test_of_several_goals_all_that_nothing_beats_stay(tmp_path: Path) -> None:
    made, _ = keeper(tmp_path, 10, 1, [(0.9, 0.1), (0.1, 0.9), (0.05, 0.05)])
    made.look()
    assert {name.split()[0] for name in left(tmp_path)} == {"0", "1", "3"}


def artefacts(module: object, architecture: object, job: archdsl_search.Job) -> float:
    job.folder.mkdir(parents=True, exist_ok=True)
    (job.folder / "weights.bin").write_bytes(b"x" * 10_000)
    print("x" * 1000)
    return float(job.trial)


def test_a_run_keeps_to_it(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    sweep = {
        "space": str(tmp_path / "space.yaml"),
        "searcher": "grid",
        "budget": {"trials": 8},
        "resources": {"disk": "30k"},
    }
    summary = archdsl_search.run(sweep, artefacts, tmp_path / "run")
    assert summary.finished == 8
    assert left(tmp_path / "run" / "trials") == {"6 weights", "7 weights", "7 log"}


def test_what_any_of_the_evaluators_keeps_stays(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    evaluator = {"name": "cost", "also": [{"name": "training", "keep": 3}, {"name": "latency"}]}
    sweep = {"space": str(tmp_path / "space.yaml"), "evaluator": evaluator, "budget": {"trials": 1}}
    parts = put_together(sweep_of({**sweep, "resources": {"disk": 1}}))
    made = disk_keeper(parts, tmp_path, lambda message: None)
    assert made is not None
    for trial in range(5):
        folder = tmp_path / "trials" / f"{trial:06d}"
        folder.mkdir(parents=True)
        (folder / "weights.safetensors").write_bytes(b"x" * 100)
        made.on_result(Result(trial, State.FINISHED, (float(trial),), {}, str(trial), {}, "", None))
    made.look()
    assert left(tmp_path / "trials") == {"2 weights", "3 weights", "4 weights"}
    assert disk_keeper(put_together(sweep_of(sweep)), tmp_path, lambda message: None) is None
