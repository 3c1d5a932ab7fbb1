"""Rules of early stopping: who goes on, and that nothing but what was shown decides it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl_search.early_stopping.asha import Asha
from archdsl_search.early_stopping.base import EarlyStoppingSettings, Reached
from archdsl_search.early_stopping.hyperband import Hyperband
from archdsl_search.early_stopping.registry import early_stopping

SETTINGS = EarlyStoppingSettings(name="asha", grace=1, reduction=3, max_steps=27)
HYPERBAND = EarlyStoppingSettings(name="hyperband", grace=1, reduction=3, max_steps=27)


@pytest.mark.parametrize(
    ("grace", "reduction", "most", "rungs"),
    [(1, 3, 27, (1, 3, 9)), (2, 2, 17, (2, 4, 8, 16)), (1, 1.5, 4, (1, 2, 3)), (5, 4, 6, (5,))],
)
def test_rungs(grace, reduction, most, rungs):
    made = EarlyStoppingSettings(name="asha", grace=grace, reduction=reduction, max_steps=most)
    assert tuple(dict.fromkeys(made.rungs)) == rungs


def test_without_a_rung_the_settings_are_refused():
    with pytest.raises(ValueError, match="nothing would ever be stopped"):
        EarlyStoppingSettings(name="asha", grace=5, max_steps=5)


def test_one_in_three_goes_on():
    rule = Asha(SETTINGS)
    # The worst comes first: while a rung has few, being the best so far is enough.
    went_on = [trial for trial in range(9) if not stopped(rule, trial, 1, float(-trial))]
    assert went_on == [0]
    went_on = [trial for trial in range(10, 19) if not stopped(rule, trial, 1, float(trial))]
    assert went_on == list(range(10, 19))


def test_between_rungs_nothing_happens():
    rule = Asha(SETTINGS)
    rule.observe(0, 3, 1.0)
    assert rule.observe(1, 2, 0.0) is None or rule.observe(1, 2, 0.0) is None
    assert rule.observe(0, 4, 0.0) is None
    assert rule.observe(0, 9, 0.0) == Reached(0, 9, 0.0, stopped=False)


def test_a_report_that_has_passed_several_rungs_counts_at_the_highest():
    rule = Asha(SETTINGS)
    assert rule.observe(0, 5, 1.0) == Reached(0, 3, 1.0, stopped=False)
    assert rule.observe(0, 5, 1.0) is None


def test_hyperband_has_a_bracket_that_stops_nothing():
    rule = Hyperband(HYPERBAND)
    patient = len(HYPERBAND.rungs)
    assert all(rule.observe(trial, 20, -trial) is None for trial in range(patient, 100, patient + 1))
    harsh = [rule.observe(trial, 1, -trial) for trial in range(0, 100, patient + 1)]
    assert sum(found is not None and found.stopped for found in harsh) > 20


reports = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 27), st.floats(-1e3, 1e3, allow_nan=False)), max_size=60)


@given(st.sampled_from([SETTINGS, HYPERBAND]), reports, reports)
def test_recalling_decisions_leads_to_the_same_ones(settings, before, after):
    first = early_stopping(settings)
    decided = [found for report in before if (found := first.observe(*report)) is not None]
    second = early_stopping(settings)
    for reached in decided:
        second.recall(reached)
    assert [first.observe(*report) for report in after] == [second.observe(*report) for report in after]


@given(st.sampled_from([SETTINGS, HYPERBAND]), reports)
def test_what_is_as_good_as_all_before_is_never_stopped(settings, shown):
    rule = early_stopping(settings)
    best: dict[int, float] = {}
    brackets = len(settings.rungs) + 1 if settings.name == "hyperband" else 1
    for trial, step, value in shown:
        bracket = trial % brackets
        reached = rule.observe(trial, step, value)
        best[bracket] = max(value, best.get(bracket, value))
        assert reached is None or not reached.stopped or value < best[bracket]


def stopped(rule: Asha, trial: int, step: int, value: float) -> bool:
    found = rule.observe(trial, step, value)
    assert found is not None
    return found.stopped
