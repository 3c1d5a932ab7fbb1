"""Stop, resume, go on: the same search as one that was never stopped, for every searcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from archdsl_search.driver.driver import Driver
from archdsl_search.engines.base import Ending
from archdsl_search.errors import SearchError
from archdsl_search.evaluators.base import Job
from archdsl_search.journal.lines import decode, encode
from archdsl_search.journal.records import Asked, Record, Result, Session, from_fields, to_fields
from archdsl_search.outcome import State
from archdsl_search.searchers.registry import names, searcher_type
from archdsl_search.sweep.parts import Parts

from .conftest import Lines, ScriptedEngine, score

MakeParts = Callable[..., Parts]
# Options that let a searcher get past its beginning in a few trials.
QUICK: dict[str, dict[str, Any]] = {"regularized_evolution": {"population": 8, "sample": 4}}
TRIALS = 40


def troubled(job: Job) -> Ending:
    """Some fail, some are lost once in a while, some give no number."""
    value = score(job)
    if value < 0.1:
        return Ending(job.trial, State.FAILED, {}, "told by a test", seconds=value)
    if value < 0.2:
        return Ending(job.trial, State.FINISHED, {"accuracy": float("nan")}, seconds=value)
    return Ending(job.trial, State.FINISHED, {"accuracy": value, "params": 1e6 * value}, seconds=value)


def lines_of(records: Iterable[Record]) -> list[dict[str, Any]]:
    return [to_fields(record) for record in records]


def through_a_file(records: Iterable[Record]) -> list[Record]:
    """The records as a journal gives them back."""
    return [from_fields(*decode(encode(to_fields(r), dict(r.time))[:-1])) for r in records]


# `enas` goes with an evaluator of its own: see tests/search/test_weight_sharing.py.
@pytest.mark.parametrize("name", [name for name in names() if name != "enas"])
@pytest.mark.parametrize("slots", [1, 4])
def test_a_resumed_search_is_the_uninterrupted_one(make_parts: MakeParts, name: str, slots: int) -> None:
    options = {"name": name, **QUICK.get(name, {})}
    objective: dict[str, Any] = {"name": "maximize", "metric": "accuracy"}
    if searcher_type(name).multi_objective and name != "random":
        objective = {"name": "several", "maximize": ["accuracy"], "minimize": ["params"]}
    parts = make_parts(searcher=options, objective=objective, budget={"trials": TRIALS}, seed=3)
    whole = Lines()
    Driver(parts, ScriptedEngine(slots, troubled), whole, Path("run")).run()
    assert sum(isinstance(r, Result) and r.paid for r in whole.records) == TRIALS

    for stops in ((1,), (7, 8), (5, 23, 38)):
        lines = Lines()
        for stop in (*stops, None):
            before = through_a_file(lines.records)
            lines = Lines()
            lines.records += before
            driver = Driver(parts, ScriptedEngine(slots, troubled), lines, Path("run"))
            driver.rebuild(before)
            driver.run(lambda stop=stop, lines=lines: stop is not None and results(lines) >= stop)  # type: ignore[misc]
        assert lines_of(lines.records) == lines_of(whole.records)


def results(lines: Lines) -> int:
    return sum(isinstance(record, Result) for record in lines.records)


@pytest.mark.parametrize("name", ["regularized_evolution", "local_search"])
@pytest.mark.parametrize("slots", [1, 4])
def test_a_search_can_go_on_from_any_line(make_parts: MakeParts, name: str, slots: int) -> None:
    options = {"name": name, **QUICK.get(name, {})}
    parts = make_parts(searcher=options, budget={"trials": 15})
    whole = Lines()
    Driver(parts, ScriptedEngine(slots), whole, Path("run")).run()
    for cut in range(len(whole.records)):
        lines = Lines()
        lines.records += whole.records[:cut]
        engine = ScriptedEngine(slots)
        driver = Driver(parts, engine, lines, Path("run"))
        driver.rebuild(whole.records[:cut])
        driver.run()
        ended = [r.trial for r in lines.records if isinstance(r, Result)]
        assert len(set(ended)) == len(ended)
        done = {r.trial for r in whole.records[:cut] if isinstance(r, Result)}
        assert not done & {job.trial for job in engine.submitted}  # what is finished is never evaluated again
        assert sum(isinstance(r, Result) and r.paid for r in lines.records) == 15
        assert lines_of(lines.records) == lines_of(whole.records)


def test_open_trials_are_evaluated_again_under_their_numbers(make_parts: MakeParts) -> None:
    parts = make_parts(identity="none", budget={"trials": 9})
    lines = Lines()
    Driver(parts, ScriptedEngine(3), lines, Path("run")).run(lambda: results(lines) >= 4)
    asked = {r.trial: r.identity for r in lines.records if isinstance(r, Asked)}
    still_open = set(asked) - {r.trial for r in lines.records if isinstance(r, Result)}
    assert still_open
    engine = ScriptedEngine(3)
    driver = Driver(parts, engine, Lines(), Path("run"))
    driver.rebuild(lines.records)
    driver.run()
    first = engine.submitted[: len(still_open)]
    assert {job.trial: job.identity for job in first} == {trial: asked[trial] for trial in still_open}


def test_another_searcher_is_noticed(make_parts: MakeParts) -> None:
    lines = Lines()
    Driver(make_parts(seed=1), ScriptedEngine(), lines, Path("run")).run()
    with pytest.raises(SearchError, match="does not propose what the journal says"):
        Driver(make_parts(seed=2), ScriptedEngine(), Lines(), Path("run")).rebuild(lines.records)


def test_wall_time_is_that_of_all_sessions(make_parts: MakeParts) -> None:
    parts = make_parts(budget={"seconds": 100})
    lines = Lines()
    Driver(parts, ScriptedEngine(), lines, Path("run")).run(lambda: results(lines) >= 2)
    stopped = Session("stopped", "signal 15", {"elapsed": 99.99})
    driver = Driver(parts, ScriptedEngine(), lines, Path("run"))
    driver.rebuild([*lines.records, stopped])
    assert driver.elapsed > 99
    assert "100 seconds of wall time" in driver.run()
