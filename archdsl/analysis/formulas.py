"""Cost as formulas in sizes: polynomials that are found from networks of several sizes, exactly, and checked on others.

Along one variable the figures of a network are polynomials as long as nothing is rounded differently: strides and
pooling divide sizes, multipliers round channels. So each variable gets a step such that along it the figures are a
polynomial, and the formulas hold for values that differ from the network's own by multiples of the step. Which degree
a polynomial has is seen from finite differences; there are always more points than it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from random import Random
from typing import NamedTuple

from archdsl.analysis.figures import figures_of
from archdsl.analysis.polynomials import Polynomial, degree, through
from archdsl.ir.graph import Graph

_STEPS = (1, 2, 4, 8, 16, 32, 64, 128)
_POINTS = 5  # along one variable, of which a polynomial of degree 3 leaves one to check
_MOST_DEGREE = 3
_MOST_GRID = 256
_CHECKS = 4
_SMALLER = 8
_COARSER = (1, 2, 4)


class Totals(NamedTuple):
    """Figures of a network that formulas are made of; arithmetic and activations for one sample."""

    params: int
    mult_adds: int
    activations: int
    weights: int


def totals(graph: Graph) -> Totals:
    """Parameters, multiply-adds, and elements of activations and of weights that are read and written."""
    params = mult_adds = activations = weights = 0
    counted: set[str] = set()
    for node in graph.nodes:
        known = figures_of(node.op, node.operand_types)
        mult_adds += known.mult_adds
        activations += known.reads + known.writes
        weights += known.weights_read
        if known.params and node.path not in counted:
            counted.add(node.path)
            params += known.params
    return Totals(params, mult_adds, activations, weights)


@dataclass(frozen=True)
class Variable:
    """A variable of formulas.

    Attributes:
        name: `height`, `width`, or a parameter.
        value: the network's own.
        step: the formulas hold for values that differ from `value` by multiples of it.
        degree: the highest power.
        least, most: the smallest and the largest value that was checked.
    """

    name: str
    value: int
    step: int = 1
    degree: int = 0
    least: int = 0
    most: int = 0

    @property
    def condition(self) -> str:
        """What must hold, `height % 32 == 0`; empty for any value."""
        return f"{self.name} % {self.step} == {self.value % self.step}" if self.step > 1 else ""


@dataclass(frozen=True)
class Formulas:
    """Cost as formulas.

    Attributes:
        params, mult_adds, memory_access: the formulas, as in `CostReport`; None where there is none.
        variables: those that occur, `batch` aside.
        unused: variables on which nothing depends.
        without: variables for which there is no formula, and why; they stay at the network's own values.
        points: networks that were counted and agree with the formulas.
    """

    params: Polynomial | None
    mult_adds: Polynomial | None
    memory_access: Polynomial | None
    variables: tuple[Variable, ...]
    unused: tuple[str, ...]
    without: dict[str, str] = field(default_factory=dict)
    points: int = 0


Evaluate = Callable[[Mapping[str, int]], Totals | None]


def find_formulas(start: Mapping[str, int], evaluate: Evaluate, sizes: Collection[str] = ()) -> Formulas:
    """Find formulas in these variables.

    Args:
        start: the variables and the network's own values.
        sizes: those that are sizes of inputs.
        evaluate: the figures with other values of some of them; None if there is no such network.
    """
    return _Search(start, evaluate, sizes).run()


class _Search:
    def __init__(self, start: Mapping[str, int], evaluate: Evaluate, sizes: Collection[str]):
        self.start = dict(start)
        self.sizes = frozenset(sizes)
        self._evaluate = evaluate
        self._known: dict[tuple[tuple[str, int], ...], Totals | None] = {}
        self.steps: list[int] = []

    def at(self, **values: int) -> Totals | None:
        changed = {name: value for name, value in values.items() if value != self.start[name]}
        key = tuple(sorted(changed.items()))
        if key not in self._known:
            self._known[key] = self._evaluate(changed)
        return self._known[key]

    def run(self) -> Formulas:
        found: list[Variable] = []
        unused: list[str] = []
        without: dict[str, str] = {}
        for name in self.start:
            variable = self._along(name)
            if isinstance(variable, str):
                without[name] = variable
            elif variable.degree == 0:
                unused.append(name)
            else:
                found.append(variable)
        while prod(v.degree + 1 for v in found) > _MOST_GRID:
            without[found.pop().name] = "there are too many variables"
        found, functions, agreed = self._together(found, without)
        access = _with_batch(functions[3], functions[2]) if agreed[2] and agreed[3] else None
        return Formulas(
            params=_with_batch(functions[0], None) if agreed[0] else None,
            mult_adds=_with_batch(None, functions[1]) if agreed[1] else None,
            memory_access=access,
            variables=tuple(found),
            unused=tuple(unused),
            without=without,
            points=sum(known is not None for known in self._known.values()),
        )

    def _together(
        self, found: list[Variable], without: dict[str, str]
    ) -> tuple[list[Variable], list[Polynomial | None], list[bool]]:
        """The functions of all variables. Where they are rounded together, steps grow, and then parameters go."""
        while True:
            for factor in _COARSER:
                coarser = [v if v.name in self.sizes else replace(v, step=v.step * factor) for v in found]
                functions = self._interpolate(coarser)
                agreed = self._check(coarser, functions)
                if all(agreed):
                    return coarser, functions, agreed
            given = [v for v in found if v.name not in self.sizes]
            if not given:
                return found, functions, agreed
            dropped = max(given, key=lambda v: (v.degree, v.step))
            without[dropped.name] = "together with other variables its figures are no polynomial: sizes are rounded"
            found = [v for v in found if v is not dropped]

    def _along(self, name: str) -> Variable | str:
        """The variable with its step and degree, or why there is no formula."""
        invalid = False
        own = self.start[name]
        for step in self._steps(name):
            places = [own + step * j for j in range(_POINTS)]
            figures = [self.at(**{name: place}) for place in places]
            if any(f is None for f in figures):
                invalid = True
                continue
            known = [f for f in figures if f is not None]
            power = max(degree([f[k] for f in known]) for k in range(len(Totals._fields)))
            if power > _MOST_DEGREE:
                continue
            least = self._smaller(name, step, places, known, power)
            if power and name in self.sizes:
                self.steps.append(step)
            return Variable(name, own, step, power, least, places[-1])
        if invalid:
            return "not every value gives a network"
        return "the figures are no polynomial of it: sizes are rounded, or layers come and go"

    def _steps(self, name: str) -> list[int]:
        """Steps to try; what another size needed comes first, since images are mostly square."""
        return [*self.steps, *(s for s in _STEPS if s not in self.steps)] if name in self.sizes else list(_STEPS)

    def _smaller(self, name: str, step: int, places: list[int], known: list[Totals], power: int) -> int:
        """The smallest value down to which the same polynomials hold."""
        lines = [
            through([name], [places[: power + 1]], {(p,): f[k] for p, f in zip(places, known, strict=True)})
            for k in range(len(Totals._fields))
        ]
        least = places[0]
        for j in range(1, _SMALLER + 1):
            place = self.start[name] - j * step
            figures = self.at(**{name: place}) if place > 0 else None
            if figures is None or any(line({name: place}) != f for line, f in zip(lines, figures, strict=True)):
                break
            least = place
        return least

    def _interpolate(self, found: Sequence[Variable]) -> list[Polynomial | None]:
        axes = [[v.value + v.step * j for j in range(v.degree + 1)] for v in found]
        names = [v.name for v in found]
        grid = {point: self.at(**dict(zip(names, point, strict=True))) for point in product(*axes)}
        if any(figures is None for figures in grid.values()):
            return [None] * len(Totals._fields)
        known = {point: figures for point, figures in grid.items() if figures is not None}
        return [
            through(names, axes, {point: figures[k] for point, figures in known.items()})
            for k in range(len(Totals._fields))
        ]

    def _check(self, found: Sequence[Variable], functions: Sequence[Polynomial | None]) -> list[bool]:
        """Which functions agree with networks that they weren't made from."""
        agreed = [function is not None for function in functions]
        rng = Random(0)
        for _ in range(_CHECKS if len(found) > 1 else 0):
            values = {v.name: v.value + v.step * rng.randrange(2 * _POINTS) for v in found}
            figures = self.at(**values)
            if figures is None:
                continue
            for k, function in enumerate(functions):
                if function is not None and function(values) != figures[k]:
                    agreed[k] = False
        return agreed


def _with_batch(constant: Polynomial | None, per_sample: Polynomial | None) -> Polynomial | None:
    """constant + batch * per_sample, `batch` as the first variable."""
    some = per_sample or constant
    if some is None:
        return None
    terms = {(0, *e): c for e, c in constant.terms.items()} if constant else {}
    if per_sample:
        terms |= {(1, *e): c for e, c in per_sample.terms.items()}
    return Polynomial(("batch", *some.variables), terms)
