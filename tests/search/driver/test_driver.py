"""The driver: what is evaluated, what is known already, what is told, and when it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl_search.candidate import Candidate
from archdsl_search.driver.driver import Driver, seed_of
from archdsl_search.engines.base import Ending
from archdsl_search.evaluators.base import Job
from archdsl_search.journal.records import Asked, Result
from archdsl_search.outcome import Outcome, State
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.sweep.parts import Parts

from .conftest import Lines, ScriptedEngine, succeed

MakeParts = Callable[..., Parts]


def search(parts: Parts, engine: ScriptedEngine | None = None) -> tuple[list[Result], str, ScriptedEngine]:
    engine, lines = engine or ScriptedEngine(), Lines()
    reason = Driver(parts, engine, lines, Path("run")).run()
    return [record for record in lines.records if isinstance(record, Result)], reason, engine


def test_a_budget_of_trials_is_used_exactly(make_parts: MakeParts) -> None:
    for slots in (1, 3):
        results, reason, engine = search(make_parts(budget={"trials": 17}), ScriptedEngine(slots))
        assert sum(result.paid for result in results) == 17 == len(engine.submitted)
        assert "17 trials" in reason
        assert engine.most == slots


def test_candidates_that_are_one_are_paid_once(make_parts: MakeParts) -> None:
    results, _, engine = search(make_parts(budget={"trials": 40}), ScriptedEngine(4))
    assert len({job.identity for job in engine.submitted}) == len(engine.submitted) == 40
    first = {result.identity: result for result in results if result.paid}
    replayed = [result for result in results if result.replayed is not None]
    assert replayed
    for result in replayed:
        origin = first[result.identity]
        assert (result.replayed, result.objective, result.metrics) == (origin.trial, origin.objective, origin.metrics)
    assert [r.trial for r in results] != sorted(r.trial for r in results)  # they were told in another order
    assert len({r.trial for r in results}) == len(results)


def test_without_identity_every_proposal_is_paid(make_parts: MakeParts) -> None:
    results, _, engine = search(make_parts(identity="none", budget={"trials": 300}))
    assert len(engine.submitted) == 300 == len(results)
    assert max(Counter(str(dict(job.decisions)) for job in engine.submitted).values()) > 1


def test_candidates_beyond_a_cost_limit_are_never_evaluated(make_parts: MakeParts) -> None:
    parts = make_parts(constraints={"params": {"at_most": 400}}, budget={"trials": 15})
    results, _, engine = search(parts)
    rejected = [result for result in results if result.state is State.REJECTED]
    assert rejected
    assert not any(result.paid for result in rejected)
    assert all("params is" in result.error and "at most 400" in result.error for result in rejected)
    costs = [archdsl.cost(parts.space.space.resolve(job.decisions)).params for job in engine.submitted]
    assert max(costs) <= 400
    assert len(costs) == 15


def test_a_bound_on_what_was_not_measured_fails(make_parts: MakeParts) -> None:
    results, _, _ = search(make_parts(constraints={"paramz": {"at_most": 1}}, budget={"trials": 2}))
    assert {r.state for r in results} == {State.FAILED}
    assert "bounds `paramz`, which was not measured; measured: accuracy, test_accuracy" in results[0].error


def test_measured_constraints_make_infeasible(make_parts: MakeParts) -> None:
    results, _, _ = search(make_parts(constraints={"accuracy": {"at_least": 0.5}}))
    assert {result.state for result in results} == {State.FINISHED, State.INFEASIBLE}
    for result in results:
        assert (result.state is State.FINISHED) == (result.metrics["accuracy"] >= 0.5)
        assert (result.objective is None) == (result.state is State.INFEASIBLE)


@pytest.mark.parametrize(
    ("metrics", "error"),
    [
        ({"accuracy": float("nan")}, "`accuracy` is nan"),
        ({"accuracy": float("inf")}, "`accuracy` is inf"),
        ({"accuracy": "high"}, "`accuracy` is 'high'"),
        ({"accuracy": None}, "`accuracy` is None"),
        ({"accuracy": True}, "`accuracy` is True"),
        ({"loss": 0.1}, "`accuracy`, which was not measured"),
        ({}, "`accuracy`, which was not measured"),
    ],
)
def test_what_is_no_number_is_a_failure(make_parts: MakeParts, metrics: Any, error: str) -> None:
    engine = ScriptedEngine(1, lambda job: Ending(job.trial, State.FINISHED, metrics))
    results, _, _ = search(make_parts(budget={"trials": 2}), engine)
    assert [result.state for result in results] == [State.FAILED] * len(results)
    assert error in results[0].error
    assert results[0].objective is None


def test_other_metrics_may_be_useless(make_parts: MakeParts) -> None:
    engine = ScriptedEngine(1, lambda job: Ending(job.trial, State.FINISHED, {"accuracy": 1, "loss": float("nan")}))
    results, _, _ = search(make_parts(budget={"trials": 1}), engine)
    assert (results[0].state, results[0].metrics, results[0].objective) == (State.FINISHED, {"accuracy": 1.0}, (1.0,))


def test_what_is_for_the_report_is_journaled_and_never_told(make_parts: MakeParts) -> None:
    parts, told = spied(make_parts(budget={"trials": 5}))
    results, _, _ = search(parts)
    assert all(result.metrics["test_accuracy"] == 1.0 for result in results)
    assert told
    assert all(set(outcome.metrics) == {"accuracy"} for _, outcome in told)


def test_everything_is_journaled_before_it_is_told(make_parts: MakeParts) -> None:
    parts, told = spied(make_parts(budget={"trials": 12}))
    lines = Lines()

    class Watched(Lines):
        def write(self, records: Any, sync: bool = True) -> None:
            for record in records:
                if isinstance(record, Result):
                    assert record.trial not in {trial for trial, _ in told}
                    assert sync or not record.paid
            lines.records.extend(records)

    Driver(parts, ScriptedEngine(3), Watched(), Path("run")).run()
    written = [record.trial for record in lines.records if isinstance(record, Result)]
    assert [trial for trial, _ in told] == written
    asked = [record.trial for record in lines.records if isinstance(record, Asked)]
    assert asked == sorted(asked)


def test_lost_evaluations_are_repeated_then_taken_for_failures(make_parts: MakeParts) -> None:
    lost: Counter[int] = Counter()

    def answer(job: Job) -> Ending:
        lost[job.trial] += 1
        if job.trial == 1 or (job.trial == 2 and lost[2] < 3):
            return Ending(job.trial, State.FAILED, {}, "the worker died", lost=True)
        return succeed(job)

    results, _, _ = search(make_parts(identity="none", budget={"trials": 5}), ScriptedEngine(2, answer))
    states = {result.trial: result.state for result in results}
    assert states == {0: State.FINISHED, 1: State.FAILED, 2: State.FINISHED, 3: State.FINISHED, 4: State.FINISHED}
    assert (lost[1], lost[2], lost[0]) == (3, 3, 1)


def test_failures_count_and_the_search_goes_on(make_parts: MakeParts) -> None:
    def answer(job: Job) -> Ending:
        return Ending(job.trial, State.INFEASIBLE, {}, "out of memory") if job.trial % 2 else succeed(job)

    results, _, _ = search(make_parts(budget={"trials": 10}), ScriptedEngine(2, answer))
    assert sum(result.paid for result in results) == 10
    assert {result.state for result in results} == {State.INFEASIBLE, State.FINISHED}


def test_budgets_of_time(make_parts: MakeParts) -> None:
    def answer(job: Job) -> Ending:
        return Ending(job.trial, State.FINISHED, {"accuracy": 0.5, "simulated_seconds": 100.0}, seconds=2.0)

    results, reason, _ = search(make_parts(budget={"simulated_seconds": 750}), ScriptedEngine(1, answer))
    assert sum(result.paid for result in results) == 8
    assert "750 simulated seconds" in reason
    parts = make_parts(budget={"gpu_seconds": "5s"}, resources={"gpus": 0.5})
    results, reason, _ = search(parts, ScriptedEngine(1, answer))
    assert sum(result.paid for result in results) == 5
    assert "GPU-seconds" in reason
    _, reason, _ = search(make_parts(budget={"seconds": 0.2}), ScriptedEngine(1))
    assert "wall time" in reason or "in a row" in reason


def test_a_search_that_finds_nothing_new_ends(make_parts: MakeParts) -> None:
    parts = make_parts(constraints={"params": {"at_most": 1}}, budget={"trials": 5, "stall": 30})
    results, reason, engine = search(parts)
    assert len(results) == 30
    assert not engine.submitted
    assert "30 proposals in a row" in reason


def test_a_searcher_that_has_nothing_more_ends_the_search(make_parts: MakeParts) -> None:
    parts = make_parts(searcher="random", budget={"trials": 10_000})
    for slots in (1, 5):
        results, reason, engine = search(parts, ScriptedEngine(slots))
        assert reason == "the searcher has nothing more to try"
        assert len(engine.submitted) == len(results) == 2 * (6 + 36 + 216)


def test_seeds_of_trials_depend_on_sweep_and_trial_alone() -> None:
    assert seed_of(0, 1) == seed_of(0, 1)
    assert len({seed_of(a, b) for a in range(20) for b in range(20)}) == 400
    assert all(0 <= seed_of(7, trial) < 2**31 for trial in range(50))


def spied(parts: Parts) -> tuple[Parts, list[tuple[int, Outcome]]]:
    """The parts with a searcher that keeps what it is told."""
    told: list[tuple[int, Outcome]] = []

    class Spy(Searcher[SearcherSettings]):
        name = "spy"

        def ask(self, trial: int) -> Candidate:
            return self.space.sample(self.rng)

        def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
            told.append((trial, outcome))

    class Spied(Parts):
        def searcher(self) -> Searcher[Any]:
            searcher = super().searcher()
            return Spy(searcher.space, SearcherSettings(), searcher.rng)

    return Spied(parts.sweep, parts.space, parts.plan, parts.objective, parts.replays), told
