"""What a run keeps is bounded: logs by their length, weights by `keep`, on both engines and after it was resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .harness import Sweeping, end


def test_evaluations_that_print_without_end_leave_short_logs(sweeping: Sweeping) -> None:
    sweeping.describe(4, workers=1, faults={"chatter": [1, 2]})
    end(sweeping.begin())
    logs = {path.parent.name: path.stat().st_size for path in (sweeping.run / "trials").glob("*/log.txt")}
    assert set(logs) == {"000001", "000002"}  # a megabyte each was printed; the others printed nothing
    assert all(size < 70_000 for size in logs.values())
    assert "bytes left out" in end(sweeping.start("logs", sweeping.run, 1))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_the_weights_of_the_best_stay_also_after_a_resume(engine: str, request: pytest.FixtureRequest) -> None:
    sweeping: Sweeping = request.getfixturevalue("sweeping" if engine == "local" else "sweeping_on_ray")
    sweeping.describe(4, workers=2)
    space = sweeping.folder / "space.yaml"
    space.write_text(space.read_text().replace("{choose: [2, 3, 4, 5]}", "10"))
    path = sweeping.folder / "sweep.yaml"
    training = {"name": "training", "data": "digits", "epochs": 1, "images": 100, "keep": 2}
    path.write_text(json.dumps({**json.loads(path.read_text()), "evaluator": training, "objective": "accuracy"}))
    end(sweeping.begin())
    assert len(weights(sweeping)) == 2
    end(sweeping.resume("--set", "budget.trials=8"))
    kept = weights(sweeping)
    assert len(kept) == 2
    accuracies = {line["trial"]: line["objective"] for line in sweeping.results()}
    assert len(accuracies) == 8
    worst_kept = min(accuracies[int(path.parent.name)] for path in kept)
    assert sum(accuracy > worst_kept for accuracy in accuracies.values()) < 2


def weights(sweeping: Sweeping) -> list[Path]:
    return sorted((sweeping.run / "trials").glob("*/weights.safetensors"))
