"""Proxy training: what is measured, what decides it, when it stops, what is kept."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from safetensors.torch import load_file

import archdsl
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.keeping import WEIGHTS, keep_weights
from archdsl_search.evaluators.plan import EvaluatorOptionError, plan_evaluator
from archdsl_search.evaluators.stopping import EarlyStopping
from archdsl_search.evaluators.training import TrainingOptions

QUICK = {"name": "training", "epochs": 2, "images": 300, "batch_size": 32, "device": "cpu"}


def evaluated(space, decisions, folder, seed=0, report=None, **options):
    job = Job(0, decisions, "a", seed, folder, **({"report": report} if report else {}))
    return plan_evaluator({**QUICK, **options}).make(space).evaluate(job)


def test_every_setting_of_the_trainer_can_be_given():
    further = {field.name for field in fields(archdsl.TrainingSettings)} - set(TrainingOptions.model_fields)
    assert further == {"seed", "temperature", "alpha"}  # the job's; and of learning from a teacher


def test_what_is_measured(digits_space, decisions, tmp_path):
    metrics = evaluated(digits_space, decisions, tmp_path / "0", epochs=3, images=700, test=True, repeats=2)
    assert tuple(metrics) == plan_evaluator({**QUICK, "test": True, "repeats": 2}).metrics
    assert metrics["accuracy"] > 0.2  # ten classes
    assert 0 <= metrics["test_accuracy"] <= 1
    assert metrics["epochs"] == 3
    cost = archdsl.cost(digits_space.resolve(decisions))
    assert (metrics["params"], metrics["mult_adds"]) == (cost.params, cost.mult_adds)
    assert all(isinstance(value, float) for value in metrics.values())


def test_the_job_alone_decides(digits_space, decisions, tmp_path):
    one = evaluated(digits_space, decisions, tmp_path / "0", seed=1)
    torch.manual_seed(99)
    assert evaluated(digits_space, decisions, tmp_path / "1", seed=1) == one
    assert evaluated(digits_space, decisions, tmp_path / "2", seed=2) != one


def test_intermediate_results_are_reported_and_may_end_it(digits_space, decisions, tmp_path):
    seen = []

    def report(step, metrics):
        seen.append((step, set(metrics)))
        return step == 2

    metrics = evaluated(digits_space, decisions, tmp_path, report=report, epochs=5)
    assert seen == [(1, {"accuracy", "loss"}), (2, {"accuracy", "loss"})]
    assert metrics["epochs"] == 2


def test_a_floor_that_is_not_reached_ends_it(digits_space, decisions, tmp_path):
    assert evaluated(digits_space, decisions, tmp_path, epochs=4, stop_below={1: 1.0})["epochs"] == 1


@pytest.mark.parametrize(
    ("patience", "floors", "accuracies", "stops_after"),
    [
        (2, {}, [0.1, 0.3, 0.3, 0.2, 0.5], 4),
        (None, {}, [0.1, 0.1, 0.1, 0.1], None),
        (None, {2: 0.2}, [0.1, 0.15, 0.9], 2),
        (None, {2: 0.2}, [0.3, 0.1, 0.1], None),
    ],
)
def test_early_stopping(patience, floors, accuracies, stops_after):
    stopping = EarlyStopping(patience, floors)
    asked = [stopping(epoch, accuracy) for epoch, accuracy in enumerate(accuracies, 1)]
    assert (asked.index(True) + 1 if True in asked else None) == stops_after


def test_the_weights_that_stay_give_the_accuracy(digits_space, decisions, tmp_path):
    plan = plan_evaluator({**QUICK, "images": None, "keep": 1})
    metrics = plan.make(digits_space).evaluate(Job(0, decisions, "a", 7, tmp_path / "0"))
    settings = plan.settings.training_settings(7)
    result = archdsl.train(digits_space.resolve(decisions), "digits", settings, device="cpu", test=False)
    kept, trained = load_file(tmp_path / "0" / WEIGHTS), result.module.state_dict()
    assert kept.keys() == trained.keys()
    assert all(torch.equal(kept[key], trained[key]) for key in kept)
    assert metrics["accuracy"] == result.validation.accuracy


def test_weights_are_written_whole_or_not_at_all(tmp_path):
    for _ in range(2):
        keep_weights(torch.nn.Linear(1, 1), tmp_path / "0")
    assert [path.name for path in (tmp_path / "0").iterdir()] == [WEIGHTS]


def test_nothing_is_written_where_nothing_is_kept(digits_space, decisions, tmp_path):
    evaluated(digits_space, decisions, tmp_path / "0", keep=0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({"epochs": 0}, "epochs", "greater than or equal to 1"),
        ({"epoch": 3}, "epoch", "not permitted"),
        ({"validation": 1.5}, "", "validation = 1.5"),
        ({"keep": "best"}, "keep", "all"),
        ({"optimizer": "sgdd"}, "optimizer", "'sgd'"),
    ],
)
def test_wrong_options_are_refused_with_their_place(options, path, words):
    with pytest.raises(EvaluatorOptionError) as caught:
        plan_evaluator({"name": "training", **options})
    assert caught.value.path.startswith(path)
    assert words in caught.value.message


def test_data_that_does_not_fit_is_said_so(decisions, tmp_path):
    space = archdsl.load_space("nasbench201", {"num_classes": 7, "repeats": 1}, inputs={"image": [1, 8, 8]})
    with pytest.raises(archdsl.TrainingError, match="10 classes"):
        evaluated(space, decisions, tmp_path)


@pytest.mark.parametrize("data", ["cifar10:nowhere", "folder:nowhere", "mnist"])
def test_missing_data_is_said_before_anything_is_tried(digits_space, data):
    with pytest.raises(archdsl.TrainingError, match=r"nowhere|mnist"):
        plan_evaluator({**QUICK, "data": data}).make(digits_space)
