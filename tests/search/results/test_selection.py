"""Which trials are the best."""

from __future__ import annotations

import pytest

from archdsl_search.errors import SearchError
from archdsl_search.results.run import Run
from archdsl_search.results.selection import best, pareto, trial_or_best

from .conftest import result, write_run


def trials(results):
    return [found.trial for found in results]


def test_the_best_come_in_order_and_once(run):
    assert trials(best(Run(run), 3)) == [4, 2, 6]
    assert trials(best(Run(run), 99)) == [4, 2, 6, 1, 0, 8]


def test_one_objective_is_weighed_against_a_price(run):
    assert trials(pareto(Run(run))) == [4, 2, 8]  # mult_adds 800, 300, 200
    assert trials(pareto(Run(run), ("accuracy", "-params"))) == [4, 2, 1, 0]
    assert trials(pareto(Run(run), ("accuracy", "params"))) == [4, 6, 8]


def test_several_objectives_make_the_front(tmp_path, candidates):
    values = [(0.5, -1.0), (0.6, -2.0), (0.4, -3.0), (0.6, -2.0)]
    results = [result(i, candidates[i], v, a=v[0]) for i, v in enumerate(values)]
    run = Run(write_run(tmp_path, results, labels=("accuracy", "-latency")))
    assert trials(pareto(run)) == [1, 0]
    assert trials(best(run)) == [1]


def test_what_was_not_measured_is_named(run, tmp_path, candidates):
    with pytest.raises(SearchError, match=r"`latency` was not measured.*accuracy, mult_adds, params"):
        pareto(Run(run), ("accuracy", "-latency"))
    bare = Run(write_run(tmp_path, [result(0, candidates[0], (1.0,), accuracy=1.0)]))
    with pytest.raises(SearchError, match="a front needs two"):
        pareto(bare)


def test_a_trial_by_its_number(run):
    assert trial_or_best(Run(run), 2).trial == 2
    assert trial_or_best(Run(run), None).trial == 4
    for number in (3, 7, 99):
        with pytest.raises(SearchError, match=f"trial {number} has no result of its own"):
            trial_or_best(Run(run), number)


def test_an_empty_run(tmp_path):
    run = Run(write_run(tmp_path, [], ended=""))
    assert best(run) == []
    assert pareto(run) == []
    with pytest.raises(SearchError, match="no trial has finished"):
        trial_or_best(run, None)
