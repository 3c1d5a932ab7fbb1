"""Weights that were not kept: trained again with the seed of the search, they are the same."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from archdsl_search.driver.driver import seed_of
from archdsl_search.errors import SearchError
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.plan import plan_evaluator
from archdsl_search.results.retraining import train_again
from archdsl_search.results.run import Run

from .conftest import result, write_run

TRAINING = {"name": "training", "epochs": 1, "images": 128, "batch_size": 32, "device": "cpu", "keep": 0}


def test_the_same_weights(space, candidates, tmp_path):
    found = [result(i, candidates[i], (0.5,), accuracy=0.5) for i in (0, 1)]
    run = Run(write_run(tmp_path / "run", found, evaluator=TRAINING, seed=3))
    evaluator = plan_evaluator({**TRAINING, "keep": "all"}).make(space)
    evaluator.evaluate(Job(1, candidates[1], "id1", seed_of(3, 1), tmp_path / "first"))
    asked = []
    train_again(run, run.finished[1:], asked.append)
    path = run.weights_of(run.finished[1])
    assert path is not None
    first, again = load_file(tmp_path / "first" / "weights.safetensors"), load_file(path)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert run.weights_of(run.finished[0]) is None
    train_again(run, run.finished[1:], asked.append)
    assert asked == [1]


def test_only_where_something_was_trained(candidates, tmp_path):
    found = [result(0, candidates[0], (0.5,), params=1.0)]
    run = Run(write_run(tmp_path, found, evaluator={"name": "cost"}))
    with pytest.raises(SearchError, match="no weights to train again"):
        train_again(run, run.finished)
