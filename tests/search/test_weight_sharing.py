"""Weight sharing: the controller and the shared weights in turn, resumed, refused where there is nothing to share."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

import archdsl
import archdsl_search
from archdsl_search.candidate import Candidate
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.shared_weights import SharedWeightsEvaluator, SharedWeightsSettings
from archdsl_search.evaluators.shared_weights.sharing import UnsharedError, expect_shared
from archdsl_search.evaluators.shared_weights.store import Store
from archdsl_search.outcome import Outcome, State
from archdsl_search.schedule import Schedule, Stage, last_stage
from archdsl_search.searchers.enas import Enas, EnasSettings
from archdsl_search.testing.driving import score
from archdsl_search.testing.spaces import SPACES

SWEEP = Path(__file__).parents[2] / "search" / "sweeps" / "digits_enas.yaml"
SCHEDULE = {"warmup": 3, "search": 6, "derive": 4, "train": 2}
SMALL: dict[str, Any] = {
    "space.params.width": 4,
    "evaluator.epochs": 1,
    "evaluator.images": 200,
    "evaluator.batch_size": 32,
    "evaluator.reward_images": 32,
    "evaluator.device": "cpu",
    "searcher.hidden": 8,
    "searcher.batch": 2,
    **{f"evaluator.trials.{name}": trials for name, trials in SCHEDULE.items()},
}


def lines(folder: Path) -> list[dict[str, Any]]:
    """The results of a run, without times."""
    found = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "time"} for line in found if line["kind"] == "result"]


def test_controller_and_weights_take_turns_and_a_resumed_run_is_the_uninterrupted_one(tmp_path: Path) -> None:
    whole = archdsl_search.run(SWEEP, out=tmp_path / "whole", overrides=SMALL)
    assert whole.finished == 15
    found = lines(tmp_path / "whole")
    assert [line["metrics"]["stage"] for line in found] == [0.0] * 9 + [1.0] * 4 + [2.0] * 2
    # The best of those that were judged are trained, and only what was trained competes.
    derived = sorted(found[9:13], key=lambda line: -line["objective"])
    assert [line["decisions"] for line in found[13:]] == [line["decisions"] for line in derived[:2]]
    assert whole.best is not None
    assert whole.best.trial in (13, 14)
    for first in (2, 11):
        part = tmp_path / f"stopped_{first}"
        archdsl_search.run(SWEEP, out=part, overrides={**SMALL, "budget.trials": first})
        archdsl_search.resume(part, overrides={"budget.trials": 444})
        assert lines(part) == found


def evaluator(**options: Any) -> SharedWeightsEvaluator:
    space = archdsl.load_space("nasbench201", {"repeats": 1, "width": 4}, inputs={"image": [1, 8, 8]})
    given = {"images": 200, "batch_size": 32, "reward_images": 32, "device": "cpu", "trials": SCHEDULE, **options}
    return SharedWeightsEvaluator(space, SharedWeightsSettings.model_validate(given))


def job(trial: int, folder: Path, **labels: str) -> Job:
    names = [
        "cell/node1/op", "cell/branches[0]/edge/op", "cell/branches[1]/edge/op", "cell/branches_2[0]/edge/op",
        "cell/branches_2[1]/edge/op", "cell/branches_2[2]/edge/op",
    ]  # fmt: skip
    decisions = {name: labels.get("all", "nor_conv_3x3") for name in names}
    return Job(trial, decisions, "x", 7 + trial, folder / "trials" / f"{trial:06d}")


def state(folder: Path, trial: int) -> dict[str, torch.Tensor]:
    return Store.before(trial, folder / "shared", torch.device("cpu"))._weights


def test_only_the_path_of_the_candidate_is_trained(tmp_path: Path) -> None:
    made = evaluator()
    made.evaluate(job(0, tmp_path))
    before = state(tmp_path, 1)
    made.evaluate(job(1, tmp_path, all="nor_conv_1x1"))
    after = state(tmp_path, 2)
    assert len(after) > len(before)
    unchanged = {key for key, tensor in before.items() if torch.equal(tensor, after[key])}
    assert unchanged == {key for key in before if "nor_conv_3x3" in key}
    assert any("nor_conv_1x1" in key for key in after)


def test_shared_weights_learn(tmp_path: Path) -> None:
    made = evaluator(trials={"warmup": 0, "search": 60, "derive": 1, "train": 1}, images=None)
    for trial in range(60):
        made.evaluate(job(trial, tmp_path))
    assert made.evaluate(job(60, tmp_path))["accuracy"] > 0.5  # ten classes


def test_judging_changes_no_weight_and_an_evaluation_again_begins_where_it_began(tmp_path: Path) -> None:
    made = evaluator(trials={"warmup": 0, "search": 2, "derive": 2, "train": 1})
    made.evaluate(job(0, tmp_path))
    second = made.evaluate(job(1, tmp_path))
    kept = {key: tensor.clone() for key, tensor in state(tmp_path, 2).items()}
    assert made.evaluate(job(1, tmp_path)) == second
    assert made.evaluate(job(2, tmp_path))["stage"] == Stage.DERIVING
    assert all(torch.equal(tensor, kept[key]) for key, tensor in state(tmp_path, 2).items())


def test_a_decision_that_leaves_nothing_to_share_is_named(tmp_path: Path) -> None:
    file = tmp_path / "widths.yaml"
    file.write_text(
        """archdsl: 1
name: widths
params: {width: {choose: [4, 8]}}
inputs: {x: [1, 8, 8]}
graph:
  - conv2d: {out_channels: width, kernel_size: {choose: [1, 3]}}
  - relu
  - conv2d: {out_channels: width, kernel_size: 1}
  - global_avg_pool2d
  - linear: {out_features: 10}
"""
    )
    with pytest.raises(UnsharedError, match="the decision `width` changes the shapes"):
        expect_shared(archdsl.load_space(file))
    expect_shared(archdsl.load_space(file, decisions={"width": 8}))


@pytest.mark.parametrize("name", ["enas_micro", "enas_macro", "darts", "nasbench201", "nasnet_space"])
def test_spaces_of_the_papers_can_be_shared(name: str) -> None:
    expect_shared(archdsl.load_space(name))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"searcher": {"name": "random"}}, "searcher"),
        ({"evaluator": {"name": "training"}}, "evaluator"),
        ({"identity": "graph"}, "identity"),
        ({"resources": {"workers": 2}}, "resources"),
    ],
)
def test_what_does_not_go_together_is_said(change: dict[str, Any], place: str, tmp_path: Path) -> None:
    sweep = archdsl_search.load_sweep(SWEEP).model_dump(mode="json")
    with pytest.raises(ValueError, match=f"^{place}"):
        archdsl_search.run({**sweep, **change}, out=tmp_path / "run")


def test_the_controller_learns_what_pays() -> None:
    searcher = Enas(SPACES["flat"], EnasSettings(learning_rate=0.02), Random(0))
    searcher.schedule = Schedule(warmup=20, search=600, derive=10, train=3)
    rewards: list[float] = []
    proposed: list[Candidate] = []
    for trial in range(633):
        candidate = searcher.ask(trial)
        assert candidate is not None
        value = float(sum(label == "conv3" for label in candidate.decisions.values()))
        searcher.tell(trial, candidate, Outcome(State.FINISHED, (value,)))
        rewards.append(value)
        proposed.append(candidate)
    assert sum(rewards[520:620]) / 100 > 2 * sum(rewards[:20]) / 20
    assert len({candidate.identity for candidate in proposed[620:630]}) == 10
    best = sorted(rewards[620:630], reverse=True)[:3]
    assert rewards[630:] == best
    assert searcher.ask(633) is None


def test_trouble_teaches_the_controller_nothing() -> None:
    searcher = Enas(SPACES["flat"], EnasSettings(batch=2), Random(0))
    searcher.schedule = Schedule(warmup=1, search=20, derive=2, train=2)
    before = None
    for trial in range(21):
        candidate = searcher.ask(trial)
        assert candidate is not None
        before = before or {name: value.copy() for name, value in searcher._policy.weights.values.items()}
        searcher.tell(trial, candidate, Outcome(State.FAILED, error=f"told by a test {score(candidate)}"))
    after = searcher._policy.weights.values
    assert before is not None
    assert all((after[name] == value).all() for name, value in before.items())


def test_only_the_last_stage_competes() -> None:
    early = Outcome(State.FINISHED, (1.0,), {"stage": 0.0})
    late = Outcome(State.FINISHED, (0.5,), {"stage": 2.0})
    plain = Outcome(State.FINISHED, (0.7,), {})
    assert last_stage([early, late]) == [late]
    assert last_stage([plain, plain]) == [plain, plain]
    assert last_stage([]) == []
