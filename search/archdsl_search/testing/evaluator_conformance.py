"""What every evaluator does: inherit `EvaluatorConformance` in your tests, say how yours is made, and pytest runs it.

class TestMine(EvaluatorConformance):
    options = {"name": "mine", "epochs": 1}
"""

from __future__ import annotations

import pickle
from math import isfinite
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest

import archdsl
from archdsl_search.candidate import Decisions
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job
from archdsl_search.evaluators.plan import EvaluatorOptionError, EvaluatorPlan, plan_evaluator


class EvaluatorConformance:
    """The suite.

    Class attributes:
        options: what a sweep file would have under `evaluator`.
        space: a small space that can be evaluated in a second or so.
        repeatable: whether the same job gives the same metrics; false where time is measured.
    """

    options: ClassVar[dict[str, Any]]
    space: ClassVar[archdsl.Space] = archdsl.load_space(
        "nasbench201", {"repeats": 1, "width": 4}, inputs={"image": [1, 8, 8]}
    )
    repeatable: ClassVar[bool] = True

    def plan(self) -> EvaluatorPlan:
        """The plan under test."""
        return plan_evaluator(self.options)

    def decisions(self, seed: int = 1) -> Decisions:
        """One candidate."""
        return self.space.sample(Random(seed))

    def job(self, folder: Path, trial: int = 0, seed: int = 5) -> Job:
        """One job; trials have folders of their own, not made yet."""
        return Job(trial, self.decisions(), "identity", seed, folder / str(trial))

    def test_it_is_described(self) -> None:
        """It has a name, a docstring, and a description for each option."""
        plan = self.plan()
        assert plan.kind.name.isidentifier()
        assert plan.kind.__doc__
        assert issubclass(plan.settings.__class__, EvaluatorSettings)
        for name, field in type(plan.settings).model_fields.items():
            assert field.description, name
        assert plan_evaluator(plan.describe()) == plan

    def test_unknown_options_are_refused(self) -> None:
        """A slip in an option's name never passes in silence."""
        with pytest.raises(EvaluatorOptionError):
            plan_evaluator({**self.options, "no_such_option": 1})

    def test_a_plan_can_be_sent(self) -> None:
        """Another process makes the same evaluator."""
        assert pickle.loads(pickle.dumps(self.plan())) == self.plan()

    def test_metrics_are_finite_numbers_and_those_that_were_promised(self, tmp_path: Path) -> None:
        """Everything in `metrics` is there, as a float."""
        found = self.plan().make(self.space).evaluate(self.job(tmp_path))
        assert set(self.plan().metrics) <= set(found)
        for name, value in found.items():
            assert type(value) is float, name
            assert isfinite(value), name

    def test_the_job_decides_and_nothing_else(self, tmp_path: Path) -> None:
        """Not the evaluator's past, nor the trial's number."""
        if not self.repeatable:
            return
        evaluator = self.plan().make(self.space)
        first = evaluator.evaluate(self.job(tmp_path))
        evaluator.evaluate(self.job(tmp_path, 1, seed=6))
        assert evaluator.evaluate(self.job(tmp_path, 2)) == first
        assert self.plan().make(self.space).evaluate(self.job(tmp_path, 3)) == first

    def test_one_error_does_not_touch_the_others(self, tmp_path: Path) -> None:
        """`evaluate_many` gives each job its own result or exception, in order."""
        wrong = Job(1, {"no/such/decision": 1}, "wrong", 0, tmp_path / "1")
        found = self.plan().make(self.space).evaluate_many([self.job(tmp_path), wrong, self.job(tmp_path, 2)])
        assert [isinstance(each, Exception) for each in found] == [False, True, False]

    def test_files_are_written_into_the_jobs_folder_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The working directory stays clean."""
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        self.plan().make(self.space).evaluate(self.job(tmp_path / "run"))
        assert not list((tmp_path / "here").iterdir())
        assert {path.name for path in (tmp_path / "run").glob("*")} <= {"0"}

    def test_it_says_what_it_is(self) -> None:
        """A report can name it and its options."""
        evaluator: Evaluator[Any] = self.plan().make(self.space)
        assert evaluator.describe()["name"] == self.plan().kind.name
