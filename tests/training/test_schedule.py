"""Learning rates by step."""

from __future__ import annotations

import pytest

from archdsl.training.errors import TrainingError
from archdsl.training.schedule import learning_rate_factor
from archdsl.training.settings import TrainingSettings


def factors(steps_per_epoch=10, **changed):
    settings = TrainingSettings(**{"epochs": 6, "warmup_epochs": 0.0, **changed})
    return [learning_rate_factor(settings, step, steps_per_epoch) for step in range(settings.epochs * steps_per_epoch)]


@pytest.mark.parametrize("schedule", ["cosine", "step", "constant"])
def test_warm_up_rises_in_a_straight_line_to_the_full_rate(schedule):
    found = factors(schedule=schedule, warmup_epochs=1.0)
    assert found[:10] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert found[10] == pytest.approx(1.0)


def test_cosine_is_half_in_the_middle_and_falls_to_nothing():
    found = factors(schedule="cosine")
    assert found[0] == 1.0
    assert found[30] == pytest.approx(0.5)
    assert 0 < found[-1] < 0.001
    assert found == sorted(found, reverse=True)


def test_steps():
    found = factors(schedule="step", step_epochs=2, gamma=0.5)
    assert [found[i] for i in (0, 19, 20, 39, 40, 59)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_constant_stays():
    assert set(factors(schedule="constant")) == {1.0}


@pytest.mark.parametrize(
    "changed", [{"epochs": 0}, {"learning_rate": 0.0}, {"validation": 1.0}, {"validation": 5.5}, {"momentum": 1.0}]
)
def test_settings_out_of_range_are_named(changed):
    with pytest.raises(TrainingError, match=next(iter(changed))):
        TrainingSettings(**changed)
