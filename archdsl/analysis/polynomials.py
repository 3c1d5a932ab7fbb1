"""Polynomials in several variables through given points, in exact rational arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product
from math import lcm

Exponents = tuple[int, ...]


class Polynomial:
    """A sum of terms: exponents of the variables, in order, to rational coefficients.

    Attributes:
        variables: their names.
        terms: coefficients by exponents; none of them is zero.
    """

    def __init__(self, variables: Sequence[str], terms: Mapping[Exponents, Fraction]):
        self.variables = tuple(variables)
        self.terms = {exponents: c for exponents, c in terms.items() if c}

    def __call__(self, values: Mapping[str, int]) -> Fraction:
        """The value at a point; variables that don't occur may be left out."""
        total = Fraction(0)
        for exponents, coefficient in self.terms.items():
            for name, power in zip(self.variables, exponents, strict=True):
                if power:
                    coefficient *= values[name] ** power
            total += coefficient
        return total

    def __str__(self) -> str:
        """`(3*height*width + 2*channels) / 4`: terms by descending degree, one denominator."""
        if not self.terms:
            return "0"
        denominator = lcm(*(c.denominator for c in self.terms.values()))
        order = sorted(self.terms, key=lambda e: (-sum(e), [-n for n in e]))
        text = ""
        for exponents in order:
            number = int(self.terms[exponents] * denominator)
            sign = " - " if number < 0 else " + "
            body = self._term(abs(number), exponents)
            text += f"{sign}{body}" if text else f"-{body}" if number < 0 else body
        if denominator == 1:
            return text
        return f"({text}) / {denominator}" if len(self.terms) > 1 else f"{text} / {denominator}"

    def _term(self, number: int, exponents: Exponents) -> str:
        factors = [f"{n}**{e}" if e > 1 else n for n, e in zip(self.variables, exponents, strict=True) if e]
        if number != 1 or not factors:
            factors.insert(0, str(number))
        return "*".join(factors)

    @property
    def is_constant(self) -> bool:
        """Whether it has no variable."""
        return all(not any(exponents) for exponents in self.terms)


def through(
    variables: Sequence[str], axes: Sequence[Sequence[int]], values: Mapping[tuple[int, ...], int]
) -> Polynomial:
    """The polynomial of degree len(axis) - 1 in each variable that takes these values on the grid of the axes.

    Args:
        variables: one name for each axis.
        axes: distinct places along each variable.
        values: the value at every point of the grid, by its coordinates.
    """
    table: dict[tuple[int, ...], Fraction] = {}
    sizes = [range(len(axis)) for axis in axes]
    for index in product(*sizes):
        table[index] = Fraction(values[tuple(axes[k][i] for k, i in enumerate(index))])
    for k, axis in enumerate(axes):
        basis = _basis(axis)
        table = {
            index: sum(
                (basis[i][index[k]] * table[(*index[:k], i, *index[k + 1 :])] for i in range(len(axis))), Fraction(0)
            )
            for index in product(*sizes)
        }
    return Polynomial(variables, table)


def _basis(places: Sequence[int]) -> list[list[Fraction]]:
    """Coefficients, lowest power first, of the polynomials that are 1 at one place and 0 at the others."""
    found = []
    for i, x in enumerate(places):
        coefficients = [Fraction(1)]
        for j, other in enumerate(places):
            if j != i:
                scale = Fraction(1, x - other)
                raised = [Fraction(0), *coefficients]
                lowered = [*(-other * c for c in coefficients), Fraction(0)]
                coefficients = [(a + b) * scale for a, b in zip(raised, lowered, strict=True)]
        found.append(coefficients)
    return found


def degree(values: Sequence[int]) -> int:
    """The degree of the polynomial through values at equal distances; len(values) - 1 if they show none."""
    differences, found = list(values), 0
    for order in range(len(values)):
        if not any(differences):
            return max(0, order - 1)
        found = order
        differences = [b - a for a, b in pairwise(differences)]
    return found
