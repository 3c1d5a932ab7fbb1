"""The largest value within budgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.analysis.fitting import fit_budget


@given(st.integers(1, 500), st.integers(1, 10**6), st.integers(1, 12))
def test_the_border_is_found(start: int, budget: int, divisor: int) -> None:
    """Only multiples of a divisor give networks."""

    def cost(k: int) -> dict[str, int] | None:
        return None if k % divisor else {"cost": 3 * k * k + 5}

    found = fit_budget(start, cost, {"cost": budget})
    fitting = [k for k in range(divisor, 700, divisor) if 3 * k * k + 5 <= budget]
    assert found.largest == max(fitting, default=None)
    assert found.monotone


@given(st.integers(1, 100), st.integers(1, 2000), st.integers(1, 2000))
def test_every_budget_holds(start: int, first: int, second: int) -> None:
    found = fit_budget(start, lambda k: {"a": 7 * k, "b": k * k}, {"a": first, "b": second})
    assert found.largest == max((k for k in range(1, 400) if 7 * k <= first and k * k <= second), default=None)


def test_a_cost_that_falls_is_noticed() -> None:
    found = fit_budget(4, lambda k: {"cost": 100 - k if k < 10 else 10 * k}, {"cost": 120})
    assert found.largest is not None
    assert not found.monotone


def test_unbounded_and_bounded_values() -> None:
    assert fit_budget(3, lambda k: {"cost": 1} if k <= 8 else None, {"cost": 5}).beyond is None
    assert fit_budget(3, lambda k: None, {"cost": 5}).largest is None


def test_of_a_network() -> None:
    net = archdsl.load("mobilenet_v2")
    found = archdsl.fit(net, "width", {"mult_adds": 200_000_000, "params": 3_000_000}, step=0.05)
    assert isinstance(found.value, float)
    assert found.architecture is not None
    assert archdsl.cost(found.architecture).mult_adds == found.figures["mult_adds"] <= 200_000_000
    assert found.next_value == pytest.approx(found.value + 0.05)
    larger = archdsl.cost(archdsl.load("mobilenet_v2", params={"width": found.next_value}))
    assert larger.mult_adds > 200_000_000 or larger.params > 3_000_000


def test_nothing_fits() -> None:
    found = archdsl.fit(archdsl.load("lenet5"), "num_classes", {"params": 10})
    assert (found.value, found.architecture) == (None, None)
    assert found.figures["params"] > 10


@pytest.mark.parametrize(
    ("parameter", "budgets", "step", "message"),
    [
        ("num_clases", {"params": 1}, None, "did you mean `num_classes`"),
        ("num_classes", {}, None, "at least one budget"),
        ("num_classes", {"parms": 1}, None, "did you mean `params`"),
        ("num_classes", {"params": 1}, 0.5, "positive whole number"),
        ("num_classes", {"params": 1}, -1, "positive whole number"),
    ],
)
def test_wrong_calls(parameter: str, budgets: dict[str, int], step: float | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        archdsl.fit(archdsl.load("lenet5"), parameter, budgets, step=step)


def test_lists_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="no number"):
        archdsl.fit(archdsl.load("resnet18"), "widths", {"params": 1})
