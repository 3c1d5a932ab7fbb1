"""Objectives: each formula, what they ask of the metrics, what is wrong with their options; bounds."""

from __future__ import annotations

import pytest

from archdsl_search.objectives.base import MetricError
from archdsl_search.objectives.constraints import Bound, violation
from archdsl_search.objectives.registry import OBJECTIVES, make_objective

METRICS = {"accuracy": 0.8, "latency": 160.0, "loss": 0.5, "params": 1e6}


@pytest.mark.parametrize(
    ("options", "values", "labels"),
    [
        ({"name": "accuracy"}, (0.8,), ("accuracy",)),
        ({"name": "accuracy", "metric": "loss"}, (0.5,), ("loss",)),
        ({}, (0.8,), ("accuracy",)),
        ({"metric": "params"}, (1e6,), ("params",)),
        ({"name": "minimize", "metric": "loss"}, (-0.5,), ("-loss",)),
        # Twice the target costs 5 % of the accuracy (arXiv:1807.11626, section 3).
        ({"name": "mnasnet", "target": 80}, (0.8 * 2**-0.07,), ("reward",)),
        ({"name": "mnasnet", "target": 320}, (0.8 * 0.5**-0.07,), ("reward",)),
        ({"name": "mnasnet", "target": 80, "mode": "hard"}, (0.4,), ("reward",)),
        ({"name": "mnasnet", "target": 320, "mode": "hard"}, (0.8,), ("reward",)),
        ({"name": "mnasnet", "target": 160, "mode": "hard"}, (0.8,), ("reward",)),
        ({"name": "mnasnet", "target": 80, "above": -2, "metric": "loss"}, (0.125,), ("reward",)),
        ({"name": "mnasnet", "target": 2e6, "cost": "params"}, (0.8 * 0.5**-0.07,), ("reward",)),
        ({"name": "weighted", "weights": {"accuracy": 1, "params": -1e-7}}, (0.7,), ("weighted sum",)),
        (
            {"name": "several", "maximize": ["accuracy"], "minimize": ["latency", "params"]},
            (0.8, -160.0, -1e6),
            ("accuracy", "-latency", "-params"),
        ),
    ],
)
def test_values(options, values, labels):
    objective = make_objective(options)
    assert objective.values(METRICS) == pytest.approx(values)
    assert objective.labels == labels
    assert objective.order(METRICS) == pytest.approx(values[0])
    assert set(objective.metrics) <= set(METRICS)


def test_soft_and_hard_agree_at_the_target_and_the_soft_one_pays_for_speed():
    soft = make_objective({"name": "mnasnet", "target": 100})
    hard = make_objective({"name": "mnasnet", "target": 100, "mode": "hard"})
    at, below = {"accuracy": 0.5, "latency": 100.0}, {"accuracy": 0.5, "latency": 50.0}
    assert soft.values(at) == hard.values(at) == (0.5,)
    assert soft.values(below) > (0.5,) == hard.values(below)


def test_the_evaluators_first_metric_is_the_default():
    assert make_objective({}, "synflow").values({"synflow": 3.0}) == (3.0,)
    assert make_objective({"name": "minimize"}, "loss").values({"loss": 3.0}) == (-3.0,)


def test_a_metric_that_was_not_measured_is_named():
    with pytest.raises(MetricError, match="reads `latency`, which was not measured; measured: accuracy"):
        make_objective({"name": "mnasnet", "target": 1}).values({"accuracy": 1.0})
    with pytest.raises(MetricError, match="measured: nothing"):
        make_objective({}).values({})
    with pytest.raises(MetricError, match="above 0"):
        make_objective({"name": "mnasnet", "target": 1}).values({"accuracy": 1.0, "latency": 0.0})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "mnasnett"}, "did you mean `mnasnet`?"),
        ({"name": "zzz"}, "there are accuracy, maximize"),
        ({"name": "mnasnet"}, "target"),
        ({"name": "mnasnet", "target": 0}, "greater than 0"),
        ({"name": "weighted", "weights": {}}, "at least 1"),
        ({"name": "several", "maximize": ["accuracy"]}, "two metrics at least"),
        ({"name": "several", "maximize": ["a"], "minimize": ["a"]}, "named twice"),
        ({"metrik": "loss"}, "metrik"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        make_objective(options)


def test_every_option_is_described():
    for kind in OBJECTIVES.values():
        assert kind.__doc__
        assert all(field.description for field in kind.settings_type.model_fields.values()), kind


def test_bounds():
    bounds = {"latency": Bound(at_most=100), "accuracy": Bound(at_least=0.5), "memory": Bound(at_most=1)}
    assert violation(bounds, METRICS) == "latency is 160, at most 100 is allowed"
    assert violation(bounds, {**METRICS, "latency": 100.0}) == ""
    assert violation(bounds, {"latency": 1.0, "accuracy": 0.25}) == "accuracy is 0.25, at least 0.5 is wanted"
    assert violation(bounds, {"latency": float("nan")}) != ""
    for wrong in ({}, {"at_least": 2, "at_most": 1}):
        with pytest.raises(ValueError, match=r"at_most|at least"):
            Bound(**wrong)
