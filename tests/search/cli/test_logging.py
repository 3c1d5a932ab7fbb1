"""`--log`: the curves of a run for other programs, whole also after it was resumed; without a network."""

from __future__ import annotations

import json
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from archdsl_search.journal.records import Result
from archdsl_search.outcome import State
from archdsl_search.schedule import STAGE
from archdsl_search.trackers.tracking import Curves

from .conftest import Said

Call = Callable[..., Said]


def curves(run: Path) -> dict[str, dict[int, float]]:
    """Values by curve and trial, from the records of the one event file."""
    (path,) = (run / "tensorboard").iterdir()
    content, found = path.read_bytes(), {}
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        event = Event.FromString(content[12 : 12 + length])
        for value in event.summary.value:
            found.setdefault(value.tag, {})[event.step] = value.simple_value
        content = content[16 + length :]
    return found


def objectives(run: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    return {line["trial"]: line["objective"] for line in lines if line.get("replayed", 0) is None}


def test_curves_say_what_the_journal_says(call: Call, folder: Path) -> None:
    run = folder / "run"
    assert call("run", folder / "sweep.yaml", "--out", run, "--log", "tensorboard", "--quiet").status == 0
    assert len(objectives(run)) == 12
    found = curves(run)
    assert found["objective/val_acc_e10"] == pytest.approx(objectives(run), rel=1e-6)
    assert found["best/val_acc_e10"][max(objectives(run))] == pytest.approx(max(objectives(run).values()), rel=1e-6)
    assert call("resume", run, "--set", "budget.trials=15", "--log", "tensorboard").status == 0
    assert len(objectives(run)) == 15
    assert curves(run)["objective/val_acc_e10"] == pytest.approx(objectives(run), rel=1e-6)


def test_the_best_is_of_the_last_stage() -> None:
    """Accuracy with shared weights is not that of a network that was trained by itself."""
    curves, best = Curves(["accuracy"]), []
    for trial, (stage, value) in enumerate([(0, 0.9), (0, 0.3), (1, 0.5), (1, 0.4), (2, 0.2), (1, 0.6), (2, 0.3)]):
        result = Result(trial, State.FINISHED, (value,), {"op": trial}, str(trial), {STAGE: float(stage)}, "", None)
        point = curves.point(result)
        assert point is not None
        best.append((point.values["best/accuracy"], bool(point.best)))
    assert best == [(0.9, 1), (0.9, 0), (0.5, 1), (0.5, 0), (0.2, 1), (0.2, 0), (0.3, 1)]


def test_mlflow_has_the_same_curves_and_the_best_candidate(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow import MlflowClient

    run = folder / "run"
    assert call("run", folder / "sweep.yaml", "--out", run, "--log", "mlflow", "--quiet").status == 0
    assert call("resume", run, "--set", "budget.trials=15", "--log", "mlflow").status == 0
    client = MlflowClient(tracking_uri=(run / "mlflow").as_uri())
    experiment = client.get_experiment_by_name("archdsl")
    (found,) = client.search_runs([experiment.experiment_id])
    history = client.get_metric_history(found.info.run_id, "objective/val_acc_e10")
    assert {metric.step: metric.value for metric in history} == objectives(run)
    assert len(history) == 15
    best = max(objectives(run), key=lambda trial: (objectives(run)[trial], -trial))
    assert found.data.tags["best.trial"] == str(best)
    assert found.data.params["searcher.name"] == "random"
    assert (found.info.run_name, found.info.status) == ("run", "FINISHED")


def test_a_server_of_mlflow_gets_what_it_does_not_have(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is not ours is never emptied: the run is found again by its key."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (folder / "elsewhere").as_uri())
    from mlflow import MlflowClient

    run = folder / "run"
    call("run", folder / "sweep.yaml", "--out", run, "--log", "mlflow", "--quiet")
    call("resume", run, "--set", "budget.trials=15", "--log", "mlflow")
    assert not (run / "mlflow").exists()
    client = MlflowClient()
    (found,) = client.search_runs([client.get_experiment_by_name("archdsl").experiment_id])
    history = client.get_metric_history(found.info.run_id, "objective/val_acc_e10")
    assert len(history) == 15
    assert {metric.step: metric.value for metric in history} == objectives(run)


def test_wandb_writes_offline_files(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_MODE", "WANDB_PROJECT", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    run = folder / "run"
    said = call("run", folder / "sweep.yaml", "--out", run, "--log", "wandb", "--quiet")
    assert (said.status, said.err) == (0, "")
    assert call("resume", run, "--set", "budget.trials=15", "--log", "wandb").status == 0
    (file,) = run.glob("wandb/offline-run-*/run-*.wandb")
    until = time.monotonic() + 60
    while len(history_of(file)) < 15 and time.monotonic() < until:
        time.sleep(0.2)  # W&B's own process writes the last of it
    assert history_of(file) == pytest.approx(objectives(run))


def history_of(file: Path) -> dict[int, float]:
    """Objectives by trial, from W&B's own file: blocks of 32 KiB, records in pieces with 7 bytes before each."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, at, joined = file.read_bytes(), 7, b""
    found: dict[int, float] = {}
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
        length, kind = struct.unpack("<HB", content[at + 4 : at + 7])
        if at + 7 + length > len(content):
            break  # not written to its end yet
        joined += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (2, 3):  # the first or a middle piece
            continue
        record, joined = Record.FromString(joined), b""
        items = {item.key or "/".join(item.nested_key): item.value_json for item in record.history.item}
        if "objective/val_acc_e10" in items:
            found[int(items["trial"])] = float(items["objective/val_acc_e10"])
    return found


def test_a_tracker_that_fails_is_named_and_the_search_goes_on(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archdsl_search.trackers.tensorboard import TensorBoard

    def full(self: object, point: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TensorBoard, "add", full)
    said = call("run", folder / "sweep.yaml", "--out", folder / "run", "--log", "tensorboard", "--quiet")
    assert said.status == 0
    assert said.err.count("--log tensorboard has stopped, the search goes on: OSError") == 1
    assert len(objectives(folder / "run")) == 12


@pytest.mark.parametrize(
    ("name", "package"), [("tensorboard", "tensorboardX"), ("mlflow", "mlflow"), ("wandb", "wandb")]
)
def test_a_missing_package_is_named(
    name: str, package: str, call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    said = call("run", folder / "sweep.yaml", "--out", folder / "run", "--log", name)
    assert said.status == 2
    assert f"--log {name} needs the package {package}: pip install 'archdsl[{name}]'" in said.err
    assert not (folder / "run" / "journal.jsonl").exists()
