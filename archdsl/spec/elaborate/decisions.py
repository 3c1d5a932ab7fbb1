"""Decisions: the holes that were reached, and who fills them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from math import comb
from random import Random
from typing import Protocol

from archdsl.spec.syntax.model import Label


def same_label(a: Label, b: Label) -> bool:
    """Whether two labels are one: numbers by value, never a truth value with a number."""
    if isinstance(a, list) or isinstance(b, list):
        if not (isinstance(a, list) and isinstance(b, list)) or len(a) != len(b):
            return False
        return all(same_label(x, y) for x, y in zip(a, b, strict=True))
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def hashable(label: Label) -> Hashable:
    """The label as a key that is equal for labels that are one."""
    if isinstance(label, list):
        return tuple(hashable(x) for x in label)
    return ("truth", label) if isinstance(label, bool) else label


@dataclass(frozen=True, slots=True)
class Decision:
    """A hole that was reached: its id, its options by label, and for `take` the sizes of a choice.

    Attributes:
        id: the path that names it (rule 15).
        options: labels in the order of the file; at least one.
        sizes: None for a choice of one option; else how many distinct options may be taken together.
    """

    id: str
    options: tuple[Label, ...]
    sizes: tuple[int, ...] | None = None

    def __hash__(self) -> int:
        # Labels may be lists, which have no hash.
        return hash((self.id, len(self.options), self.sizes))

    @property
    def outcomes(self) -> int:
        """How many outcomes there are."""
        if self.sizes is None:
            return len(self.options)
        return sum(comb(len(self.options), k) for k in self.sizes)

    def outcome(self, index: int) -> Label:
        """The outcome with this number: a label, or for `take` a list of labels in option order."""
        if self.sizes is None:
            return self.options[index]
        for size in self.sizes:
            count = comb(len(self.options), size)
            if index < count:
                return [self.options[i] for i in _combination(len(self.options), size, index)]
            index -= count
        raise IndexError(index)

    def index(self, label: Label) -> int | None:
        """The number of the outcome with this label, the inverse of `outcome`; None if it is none."""
        positions = self.positions(label)
        if positions is None or self.sizes is None:
            return positions[0] if positions else None
        before = 0
        for size in self.sizes:
            if size == len(positions):
                return before + _rank(len(self.options), positions)
            before += comb(len(self.options), size)
        return None

    def positions(self, label: Label) -> tuple[int, ...] | None:
        """Which options the label names, in option order; None if it is no outcome."""
        if self.sizes is None:
            kind = type(label)
            for i, option in enumerate(self.options):
                # Most labels are words or whole numbers: the first test settles them.
                if (option == label) if type(option) is kind and kind in (str, int) else same_label(option, label):
                    return (i,)
            return None
        if not isinstance(label, list) or len(label) not in self.sizes:
            return None
        places = {hashable(option): i for i, option in enumerate(self.options)}
        found = {places[key] for key in map(hashable, label) if key in places}
        return tuple(sorted(found)) if len(found) == len(label) else None


def _combination(n: int, k: int, index: int) -> tuple[int, ...]:
    """The combination with this number, in the order of itertools.combinations."""
    chosen: list[int] = []
    left, count = n, comb(n, k)
    while len(chosen) < k:
        # Of the combinations of what is left, these begin with its first member.
        beginning = count * (k - len(chosen)) // left
        if index < beginning:
            chosen.append(n - left)
            count = beginning
        else:
            index -= beginning
            count -= beginning
        left -= 1
    return tuple(chosen)


def _rank(n: int, chosen: tuple[int, ...]) -> int:
    """The number of a combination, in the order of itertools.combinations."""
    k = len(chosen)
    return comb(n, k) - 1 - sum(comb(n - 1 - place, k - i) for i, place in enumerate(chosen))


class Decider(Protocol):
    """Fills holes in the order in which they are reached."""

    def decide(self, decision: Decision) -> Label | None:
        """The outcome, or None if it has none to give."""


class FirstOption:
    """Always the first outcome: what `check` looks at first."""

    def decide(self, decision: Decision) -> Label | None:
        """The first outcome."""
        return decision.outcome(0)


class Chosen:
    """The outcome whose number a function gives; it is asked once for each id, in the order reached.

    Attributes:
        known: the outcomes so far, by id.
    """

    def __init__(self, choose: Callable[[Decision], int]):
        self._choose = choose
        self.known: dict[str, Label] = {}

    def decide(self, decision: Decision) -> Label | None:
        """The outcome; the first answer holds where a network is looked at twice."""
        if decision.id not in self.known:
            self.known[decision.id] = decision.outcome(self._choose(decision))
        return self.known[decision.id]


class Sampled:
    """A uniformly drawn outcome for each decision.

    Attributes:
        known: what was drawn so far, by id.
    """

    def __init__(self, rng: Random):
        self._rng = rng
        self.known: dict[str, Label] = {}

    def decide(self, decision: Decision) -> Label | None:
        """One outcome of `decision.outcomes`, all equally likely."""
        outcome = self.known[decision.id] = decision.outcome(self._rng.randrange(decision.outcomes))
        return outcome


class Given:
    """The outcomes of a mapping; whatever it lacks is left to `otherwise`, or stays open."""

    def __init__(self, decisions: Mapping[str, Label], otherwise: Decider | None = None):
        self._decisions = decisions
        self._otherwise = otherwise

    @property
    def is_uniform(self) -> bool:
        """Whether nothing is given, and what fills the holes does it alike for equal options."""
        return not self._decisions and (self._otherwise is None or same_for_equal(self._otherwise))

    def decide(self, decision: Decision) -> Label | None:
        """The given label, valid or not; None if there is none."""
        label = self._decisions.get(decision.id)
        if label is None and self._otherwise is not None:
            return self._otherwise.decide(decision)
        return label


def same_for_equal(decider: Decider) -> bool:
    """Whether a decider fills holes with equal options alike, whatever their ids."""
    return isinstance(decider, FirstOption) or (isinstance(decider, Given) and decider.is_uniform)
