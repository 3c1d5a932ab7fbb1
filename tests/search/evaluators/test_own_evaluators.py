"""Users' own evaluators: functions, entry points of installed packages; and several evaluators together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from torch import nn

import archdsl
from archdsl_search.evaluators.base import EvaluatorSettings, InfeasibleError, Job
from archdsl_search.evaluators.function import FunctionEvaluator
from archdsl_search.evaluators.plan import EvaluatorOptionError, plan_evaluator, plan_function
from archdsl_search.evaluators.registry import evaluator_names

PACKAGE = '''
from pydantic import Field
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings

class Settings(EvaluatorSettings):
    factor: float = Field(1.0, description="What the parameters are multiplied with.")

class Size(Evaluator[Settings]):
    """Parameters, scaled."""
    name = "my_size"
    settings_type = Settings
    metrics = ("size",)
    light = True

    def evaluate(self, job):
        import archdsl
        return {"size": self.settings.factor * archdsl.cost(self.space.resolve(job.decisions)).params}

def count(module):
    """Parameters of a module."""
    return {"count": sum(p.numel() for p in module.parameters())}

broken = 3
'''
ENTRY_POINTS = """[archdsl.evaluators]
my_size = my_measures:Size
my_count = my_measures:count
my_number = my_measures:broken
my_missing = my_measures:nothing
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package that brings evaluators, as pip would leave it."""
    site = tmp_path / "site"
    (site / "my_measures-1.0.dist-info").mkdir(parents=True)
    (site / "my_measures.py").write_text(PACKAGE)
    (site / "my_measures-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: my-measures\nVersion: 1.0\n"
    )
    (site / "my_measures-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(site)
    yield site
    sys.modules.pop("my_measures", None)


def job(decisions, seed=0):
    return Job(0, decisions, "a", seed, Path("nowhere"))


def params(space, decisions):
    return archdsl.cost(space.resolve(decisions)).params


def test_an_installed_class_goes_by_its_name(installed, digits_space, decisions):
    assert "my_size" in evaluator_names()
    plan = plan_evaluator({"name": "my_size", "factor": 2})
    assert (plan.metrics, plan.light) == (("size",), True)
    assert plan.make(digits_space).evaluate(job(decisions)) == {"size": 2.0 * params(digits_space, decisions)}
    with pytest.raises(EvaluatorOptionError, match="fatcor"):
        plan_evaluator({"name": "my_size", "fatcor": 2})


def test_an_installed_function_goes_by_its_name(installed, digits_space, decisions):
    for options in ({"name": "my_count"}, {"name": "entry_point", "entry_point": "my_count"}):
        plan = plan_evaluator(options)
        assert plan.make(digits_space).evaluate(job(decisions)) == {"count": params(digits_space, decisions)}
    with pytest.raises(EvaluatorOptionError, match="factor"):
        plan_evaluator({"name": "my_count", "factor": 2})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "my_cuont"}, "did you mean `my_count`?"),
        ({"name": "my_number"}, "neither an Evaluator nor a function"),
        ({"name": "my_missing"}, "cannot be imported"),
        ({"name": "entry_point", "entry_point": "my_other"}, "no installed package registers an evaluator `my_other`"),
        ({"name": "entry_point", "entry_point": "os:system"}, "files name no code"),
        ({"name": "os:system"}, "there is no evaluator `os:system`"),
        ({}, "name: the evaluator's name is missing"),
        ({"name": "cost", "also": "training"}, "also: a list of evaluators"),
        ({"name": "cost", "also": [{"name": "training", "epochs": 0}]}, "also[0].epochs: "),
        ({"name": "cost", "also": ["training"]}, "also[0]: a mapping"),
    ],
)
def test_wrong_names_are_explained(installed, options, words):
    with pytest.raises(EvaluatorOptionError) as caught:
        plan_evaluator(options)
    assert words in str(caught.value)


def test_nothing_in_a_file_makes_code_run(tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for options in ({"name": "evil:f"}, {"name": "evil"}, {"name": "entry_point", "entry_point": "evil:f"}):
        with pytest.raises(EvaluatorOptionError):
            plan_evaluator(options)
    assert "evil" not in sys.modules


def test_a_function_gets_the_module_and_what_it_asks_for(digits_space, decisions):
    seen = {}

    def measure(module, job, architecture):
        seen.update(module=module, job=job, architecture=architecture)
        return {"score": 1.5}

    plan = plan_function(measure)
    given = job(decisions, seed=3)
    assert plan.make(digits_space).evaluate(given) == {"score": 1.5}
    assert isinstance(seen["module"], nn.Module)
    assert seen["job"] is given
    assert seen["architecture"].decisions == decisions


def test_the_seed_decides_a_functions_weights(digits_space, decisions):
    plan = plan_function(lambda module: float(next(module.parameters()).detach().sum()))
    evaluator = plan.make(digits_space)
    one = evaluator.evaluate(job(decisions, 1))
    assert evaluator.evaluate(job(decisions, 1)) == one
    assert evaluator.evaluate(job(decisions, 2)) != one


def test_one_number_is_the_accuracy(digits_space, decisions):
    assert FunctionEvaluator(digits_space, EvaluatorSettings(), lambda module: 1).evaluate(job(decisions)) == {
        "accuracy": 1.0
    }
    with pytest.raises(TypeError, match="not NoneType"):
        FunctionEvaluator(digits_space, EvaluatorSettings(), lambda module: None).evaluate(job(decisions))


def test_light_evaluators_come_first_and_the_file_decides_who_is_believed(installed, digits_space, decisions):
    plan = plan_evaluator({"name": "entry_point", "entry_point": "my_count", "also": [{"name": "cost"}]})
    assert not plan.light
    metrics = plan.make(digits_space).evaluate(job(decisions))
    assert next(iter(metrics)) == "count"
    assert metrics["params"] == metrics["count"]


def test_what_a_light_one_refuses_costs_nothing(digits_space, decisions):
    calls = []
    plan = plan_evaluator({"name": "cost"})

    class Refuses(type(plan.make(digits_space))):  # type: ignore[misc]
        def evaluate(self, job):
            raise InfeasibleError("too large")

    from archdsl_search.evaluators.combined import CombinedEvaluator, CombinedSettings

    heavy = FunctionEvaluator(digits_space, EvaluatorSettings(), lambda module: calls.append(module) or 1.0)
    parts = [heavy, Refuses(digits_space, plan.settings)]
    with pytest.raises(InfeasibleError):
        CombinedEvaluator(digits_space, CombinedSettings(), parts).evaluate(job(decisions))
    assert not calls
