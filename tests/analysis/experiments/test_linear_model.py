"""The fit finds coefficients that are not negative and have the least relative error."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.analysis.experiments.linear_model import LinearModel, Work, fit, mean_relative_error


def works(count: int, seed: int = 0) -> list[Work]:
    rng = Random(seed)
    return [
        Work(rng.randrange(10**6, 10**10), rng.randrange(10**4, 10**8), rng.randrange(1, 200)) for _ in range(count)
    ]


@pytest.mark.parametrize("true", [(1e-11, 1e-9, 1e-5), (0.0, 2e-9, 1e-6), (3e-12, 0.0, 0.0)])
def test_exact_times_give_their_coefficients(true: tuple[float, float, float]) -> None:
    work = works(12)
    seconds = [LinearModel(*true).seconds(w) for w in work]
    model = fit(work, seconds)
    assert (model.per_mult_add, model.per_element, model.per_node) == pytest.approx(true, rel=1e-6, abs=1e-15)
    assert mean_relative_error(model, work, seconds) < 1e-6


def test_no_coefficient_is_negative_and_none_does_better() -> None:
    rng = Random(1)
    work = works(15, 2)
    # More arithmetic and less time: an unconstrained fit would take a negative coefficient.
    seconds = [1e-8 * w.memory_access / (1 + w.mult_adds / 1e9) * rng.uniform(0.8, 1.2) for w in work]
    model = fit(work, seconds)
    coefficients = (model.per_mult_add, model.per_element, model.per_node)
    assert min(coefficients) >= 0

    def error(values: tuple[float, ...]) -> float:
        return sum((LinearModel(*values).seconds(w) / t - 1) ** 2 for w, t in zip(work, seconds, strict=True))

    scales = (1e-12, 1e-10, 1e-7)
    for _ in range(300):
        other = tuple(max(0.0, c + rng.gauss(0, s)) for c, s in zip(coefficients, scales, strict=True))
        assert error(coefficients) <= error(other) + 1e-9


@pytest.mark.parametrize(("work", "seconds"), [([], []), (works(2), [1.0]), (works(1), [0.0])])
def test_measurements_must_fit(work: list[Work], seconds: list[float]) -> None:
    with pytest.raises(ValueError, match="positive time"):
        fit(work, seconds)
