"""Exact polynomials through points."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from archdsl.analysis.polynomials import Polynomial, degree, through

COEFFICIENTS = st.fractions(min_value=-50, max_value=50, max_denominator=8)


@given(st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 1)), COEFFICIENTS, max_size=6))
def test_a_polynomial_is_found_again(terms: dict[tuple[int, ...], Fraction]) -> None:
    scale = 8 * 7 * 6 * 5 * 3  # whole numbers at every point
    wanted = Polynomial(["a", "b"], {e: c * scale for e, c in terms.items()})
    axes = [[3, 5, 9], [2, 7]]
    grid = {point: wanted(dict(zip("ab", point, strict=True))) for point in product(*axes)}
    whole = {point: value * 1 for point, value in grid.items()}
    found = through(["a", "b"], axes, {point: Fraction(v) for point, v in whole.items()})  # type: ignore[misc]
    assert found.terms == wanted.terms


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=4), st.integers(-20, 20), st.integers(1, 7))
def test_the_degree_is_seen_from_differences(coefficients: list[int], start: int, step: int) -> None:
    places = [start + step * j for j in range(6)]
    values = [sum(c * x**k for k, c in enumerate(coefficients)) for x in places]
    expected = max((k for k, c in enumerate(coefficients) if c), default=0)
    assert degree(values) == expected


def test_what_is_no_polynomial_has_the_highest_degree() -> None:
    assert degree([1, 2, 4, 8, 16]) == 4


def test_text() -> None:
    halves = Polynomial(["h", "w"], {(1, 1): Fraction(3, 2), (0, 2): Fraction(-1), (0, 0): Fraction(5)})
    assert str(halves) == "(3*h*w - 2*w**2 + 10) / 2"
    assert str(Polynomial(["h"], {(1,): Fraction(1, 4)})) == "h / 4"
    assert str(Polynomial(["h"], {(1,): Fraction(-1)})) == "-h"
    assert str(Polynomial(["h"], {})) == "0"
    assert halves({"h": 2, "w": 3}) == 9 - 9 + 5
