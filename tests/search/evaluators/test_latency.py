"""Latency: predicted as archdsl predicts it, measured as archdsl measures it, in milliseconds."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.plan import plan_evaluator
from archdsl_search.testing.evaluator_conformance import EvaluatorConformance
from tests.analysis.latency import made_up


@pytest.fixture(scope="session")
def profile(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("devices") / "made_up.json"
    archdsl.write_profile(made_up.profile(), path)
    return path


class TestMeasured(EvaluatorConformance):
    options = {"name": "latency", "rounds": 2}  # noqa: RUF012
    repeatable = False


class TestPredicted(EvaluatorConformance):
    options = {"name": "latency"}  # noqa: RUF012

    @pytest.fixture(autouse=True)
    def device(self, profile, monkeypatch):
        monkeypatch.setattr(type(self), "options", {"name": "latency", "profile": str(profile)})


def test_a_profile_that_cannot_be_read_is_a_mistake_before_anything_is_evaluated(digits_space, tmp_path):
    plan = plan_evaluator({"name": "latency", "profile": str(tmp_path / "none.json")})
    assert plan.files == (tmp_path / "none.json",)
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        plan.make(digits_space)


def test_it_is_what_archdsl_predicts(profile, digits_space, decisions):
    plan = plan_evaluator({"name": "latency", "profile": str(profile), "batch_size": 4})
    assert plan.light
    assert not plan_evaluator({"name": "latency"}).light
    found = plan.make(digits_space).evaluate(Job(0, decisions, "a", 0, Path("nowhere")))
    expected = archdsl.predict_latency(digits_space.resolve(decisions), profile, 4).seconds * 1000
    assert found == {"latency": pytest.approx(expected)}
