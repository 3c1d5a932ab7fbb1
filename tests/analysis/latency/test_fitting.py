"""A fit finds the time of networks that it has not seen, and says honestly how far off it is."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

import archdsl
from archdsl.analysis.latency.fitting import LEAST_NETWORKS, fit_predictor, rank_correlation
from archdsl.analysis.latency.prediction import predicted
from archdsl.analysis.latency.trees import Trees
from tests.analysis.latency.made_up import NETWORKS, UNSEEN, fitted, observed, profile


def test_networks_that_the_fit_has_not_seen() -> None:
    found = {name: archdsl.predict_latency(archdsl.load(name), profile()) for name in UNSEEN}
    errors = [abs(found[name].seconds / observed(name).whole - 1) for name in UNSEEN]
    assert sum(errors) / len(errors) < 0.1
    assert rank_correlation([r.seconds for r in found.values()], [observed(name).whole for name in UNSEEN]) == 1
    for report in found.values():
        assert report.low <= report.high
        assert report.seconds == pytest.approx(sum(layer.seconds for layer in report.layers))
        assert report.beyond == ()


def test_errors_are_those_of_networks_left_out() -> None:
    made = fitted()
    assert set(made.errors) == set(NETWORKS)
    assert 0 < made.mean_error < 0.2
    assert made.rank_correlation > 0.9
    # Predicting what was fitted is easier than what was left out.
    seen = [abs(sum(made.predictor.seconds(o.steps, 1)) / o.whole - 1) for o in map(observed, NETWORKS)]
    assert sum(seen) / len(seen) < made.mean_error


def test_what_a_step_alone_takes_longer_is_found() -> None:
    assert fitted().predictor.per_step == pytest.approx(-2e-6, rel=0.05)
    assert fitted().predictor.scale == pytest.approx(1, rel=0.02)


def test_the_same_measurements_give_the_same_predictor() -> None:
    assert fit_predictor([observed(name) for name in NETWORKS], trees=60).predictor == fitted().predictor


def test_too_few_networks_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at least {LEAST_NETWORKS} networks"):
        fit_predictor([observed("alexnet")])


def test_trees_are_those_of_sklearn() -> None:
    from sklearn.ensemble import GradientBoostingRegressor

    from archdsl.analysis.latency.fitting import boosted

    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(300, 5)).astype(np.float32).astype(float), rng.uniform(0.5, 1, 300)
    target = rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2])
    trees, model = boosted(rows, target, weights, 40)
    assert isinstance(model, GradientBoostingRegressor)
    np.testing.assert_allclose(trees.predict(rows), model.predict(rows), rtol=1e-4, atol=1e-5)
    again = Trees.of_dict(trees.to_dict(), 5)
    assert again == trees


def test_more_work_takes_longer_where_the_trees_know_nothing() -> None:
    net, device = archdsl.load("resnet18"), profile()
    times = [archdsl.predict_latency(net, device, batch_size).seconds for batch_size in (1, 4, 16, 64)]
    assert times == sorted(times)
    assert "batches of 1 to 1 were measured, not of 64" in archdsl.predict_latency(net, device, 64).beyond


def test_operators_that_were_not_measured_are_named() -> None:
    graph = archdsl.load("crnn").graph()
    (what,) = predicted(graph, profile()).beyond
    assert "lstm" in what


def test_rank_correlation() -> None:
    rng = Random(0)
    values = [rng.random() for _ in range(50)]
    assert rank_correlation(values, [v**3 for v in values]) == pytest.approx(1)
    assert rank_correlation(values, [-v for v in values]) == pytest.approx(-1)
    assert rank_correlation([1, 2, 2, 3], [1, 2, 2, 3]) == pytest.approx(1)
