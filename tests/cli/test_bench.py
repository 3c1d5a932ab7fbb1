"""`archdsl bench guidelines`, with the fewest samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_measures_all_tables_and_writes_a_profile(archdsl, folder: Path) -> None:
    answer = archdsl("bench", "guidelines", "--quick", "--rounds", 2, "--output", "profile.json", "--format", "json")
    assert answer.status == 0, answer.err
    result, profile = json.loads(answer.out), json.loads(Path("profile.json").read_text())
    assert {row["table"] for row in result["rows"]} == {"1", "1 (small)", "2", "3", "4"}
    assert {row["factor"] for row in result["rows"]} == {1}
    for row in result["rows"]:
        seconds = row["seconds"]
        assert 0 < seconds["lower"] <= seconds["median"] <= seconds["upper"]
        assert abs(row["batches_per_second"] * seconds["median"] - 1) < 1e-9
        assert row["mult_adds"] > 0
    elementwise = {row["row"]: row["elementwise"] for row in result["rows"] if row["table"] == "4"}
    assert set(elementwise["neither"].values()) == {0.0}
    both = elementwise["ReLU and shortcut"]
    assert both["memory_access"] == pytest.approx(1 - 3_021_440 / 9_042_560)
    assert both["published_time"] == pytest.approx(1 - 2427 / 2842)
    assert 0 < both["fitted_time"] < 1
    assert all(row["elementwise"] is None for row in result["rows"] if row["table"] != "4")
    assert profile["schema"] == "archdsl.device"
    assert profile["device"]["kind"] == "cpu"
    predictor = profile["predictor"]
    coefficients = [predictor[f"per_{what}"] for what in ("mult_add", "element", "node")]
    assert min(coefficients) >= 0
    assert max(coefficients) > 0
    assert result["fit"] == profile["fit"]
    predicted = archdsl("cost", "squeezenet1_1", "--device", "profile.json", "--format", "json")
    assert json.loads(predicted.out)["latency"]["seconds"] > 0
    again = archdsl("bench", "guidelines", "--quick", "--output", "profile.json")
    assert again.status == 2
    assert "--force" in again.err


def test_devices_that_are_not_there_are_refused(archdsl) -> None:
    for device in ("tpu9", "cuda:77", "mps"):
        answer = archdsl("bench", "guidelines", "--device", device)
        assert answer.status == 2
        assert device in answer.err
