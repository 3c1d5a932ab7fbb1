"""`--log tensorboard`: the curves of a run, whole also after it was resumed."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

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


def test_a_missing_package_is_named(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    said = call("run", folder / "sweep.yaml", "--out", folder / "run", "--log", "tensorboard")
    assert said.status == 2
    assert "--log tensorboard needs the package tensorboardX" in said.err
    assert not (folder / "run" / "journal.jsonl").exists()
