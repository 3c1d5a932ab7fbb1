"""Every shipped evaluator passes the conformance suite."""

from __future__ import annotations

from typing import ClassVar

from archdsl_search.evaluators.registry import own_names
from archdsl_search.testing.evaluator_conformance import EvaluatorConformance

TRAINING = {"name": "training", "epochs": 1, "images": 128, "batch_size": 32, "device": "cpu"}


class TestTraining(EvaluatorConformance):
    options: ClassVar = TRAINING


class TestZeroCost(EvaluatorConformance):
    options: ClassVar = {"name": "zero_cost", "batch_size": 4, "device": "cpu"}


class TestCost(EvaluatorConformance):
    options: ClassVar = {"name": "cost"}


class TestSeveral(EvaluatorConformance):
    options: ClassVar = {
        **TRAINING,
        "also": [{"name": "cost", "batch_size": 2}, {"name": "zero_cost", "batch_size": 4}],
    }


def test_every_shipped_evaluator_is_here():
    tested = {suite.options["name"] for suite in EvaluatorConformance.__subclasses__()}
    # What an entry point names passes the suite in the package that brings it; latency and the table have own files;
    # what shared weights give depends on the trials before (tests/search/test_weight_sharing.py).
    assert set(own_names()) - {"entry_point", "latency", "table", "shared_weights"} <= tested
