"""The best candidates evaluated again: other seeds, a journal of its own, nothing twice."""

from __future__ import annotations

import pytest

from archdsl_search.driver import engines
from archdsl_search.engines.in_process import InProcessEngine
from archdsl_search.errors import SearchError
from archdsl_search.journal.reader import Journal
from archdsl_search.results.measured import FOLDER, measured
from archdsl_search.results.remeasure import Remeasurement, remeasure
from archdsl_search.results.run import Run
from archdsl_search.results.selection import best

from .conftest import result, write_run

ZERO_COST = {"name": "zero_cost", "proxies": ["snip"], "batch_size": 4, "device": "cpu"}


@pytest.fixture(autouse=True)
def opened_as(monkeypatch):
    """Worker processes have tests of their own; here they would import torch a dozen times. Gives what was asked."""
    asked = []

    def opened(name, parts, address=""):
        asked.append((name, address))
        return InProcessEngine(lambda: parts.plan.make(parts.space.space), 2)

    monkeypatch.setattr(engines, "open_engine", opened)
    return asked


@pytest.fixture
def noisy(tmp_path, candidates):
    """A run whose evaluator depends on the seed; the best one is lucky."""
    values = {0: 0.1, 1: 1e9, 2: 0.2}
    found = [result(i, candidates[i], (v,), snip=v) for i, v in values.items()]
    objective = {"name": "maximize", "metric": "snip"}
    resources = {"workers": 1}
    return write_run(tmp_path, found, ("snip",), evaluator=ZERO_COST, objective=objective, resources=resources)


def test_means_of_other_seeds(noisy):
    run = Run(noisy)
    seen = []
    how = Remeasurement(2, on_result=lambda result, total: seen.append((result.trial, total)))
    assert remeasure(run, best(run, 2), how)
    assert [total for _, total in seen] == [4] * 4
    found = Run(noisy).remeasured
    assert {measured.repeats for measured in found.values()} == {2}
    assert set(found) == {"id1", "id2"}
    assert all(m.deviation > 0 for m in found.values())
    assert all(m.values[0] < 1e6 for m in found.values())
    assert len({r.objective for r in Journal(noisy / FOLDER).results()}) == 4
    again = best(Run(noisy), 5, remeasured=True)
    assert sorted(r.trial for r in again) == [1, 2]
    assert [found[r.identity].values[0] for r in again] == sorted((m.values[0] for m in found.values()), reverse=True)


def test_engine_and_address_are_those_asked_for(noisy, opened_as):
    run = Run(noisy)
    assert remeasure(run, best(run), Remeasurement(1))
    assert remeasure(run, best(run), Remeasurement(2, engine="ray", address="10.0.0.1:6379"))
    assert opened_as == [("local", ""), ("ray", "10.0.0.1:6379")]


def test_weights_of_the_best_by_the_objective_stay(candidates, tmp_path):
    """The smallest network is the best of this run, and the one whose weights are left in the end."""
    found = [result(i, candidates[i], (-1.0 - i,), params=1.0 + i) for i in range(3)]
    training = {"name": "training", "epochs": 1, "images": 64, "device": "cpu", "keep": 1}
    folder = write_run(
        tmp_path, found, ("-params",), evaluator=training, objective={"name": "minimize", "metric": "params"}
    )
    run = Run(folder)
    assert remeasure(run, run.finished, Remeasurement(1))
    again = Run(folder / FOLDER)
    kept = [r for r in again.finished if again.weights_of(r) is not None]
    assert [r.trial for r in kept] == [best(again)[0].trial]
    assert len({r.metrics["params"] for r in again.finished}) == 3


def test_what_is_there_is_not_done_again(noisy):
    run = Run(noisy)
    assert remeasure(run, best(run, 1), Remeasurement(1))
    before = (noisy / FOLDER / "journal.jsonl").read_bytes()
    assert remeasure(run, best(run, 1), Remeasurement(1))
    assert (noisy / FOLDER / "journal.jsonl").read_bytes() == before
    first = measured(noisy / FOLDER)["id1"].values
    assert remeasure(run, best(run, 1), Remeasurement(3))
    assert (noisy / FOLDER / "journal.jsonl").read_bytes().startswith(before)
    assert measured(noisy / FOLDER)["id1"].repeats == 3
    assert first != measured(noisy / FOLDER)["id1"].values


def test_the_seeds_follow_from_trial_and_repeat(noisy, tmp_path):
    run = Run(noisy)
    for name in ("one", "other"):
        remeasure(run, best(run, 1), Remeasurement(2), noisy / name)
    assert measured(noisy / "one") == measured(noisy / "other")


def test_the_evaluator_may_be_changed_and_nothing_else(noisy):
    run = Run(noisy)
    with pytest.raises(SearchError, match="only evaluator and resources"):
        remeasure(run, best(run), Remeasurement(overrides={"seed": 1}))
    assert remeasure(run, best(run), Remeasurement(1))
    with pytest.raises(SearchError, match="in another way"):
        remeasure(run, best(run), Remeasurement(1, {"evaluator.batch_size": 8}))
    assert remeasure(run, best(run), Remeasurement(1, {"evaluator.batch_size": 8}), noisy / "more")


def test_nothing_was_measured_again(noisy):
    assert Run(noisy).remeasured == {}
    assert best(Run(noisy), 5, remeasured=True) == []
