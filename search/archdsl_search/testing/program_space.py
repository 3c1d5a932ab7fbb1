"""A search space that a Python function describes: for tests and benchmarks, where no network is to be built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from random import Random

from archdsl_search.candidate import Candidate, Decisions, Label
from archdsl_search.space.search_space import Point

Decide = Callable[..., Label]
Program = Callable[[Decide], str]
ATTEMPTS = 10_000


class OutsideError(Exception):
    """Raised by a program: these decisions are not in the space."""


@dataclass(frozen=True)
class Choice:
    """A decision of a program.

    Attributes:
        id: its name.
        labels: its outcomes.
    """

    id: str
    labels: tuple[Label, ...]

    @property
    def outcomes(self) -> int:
        """How many there are."""
        return len(self.labels)

    def outcome(self, index: int) -> Label:
        """The outcome with this number."""
        return self.labels[index]

    def index(self, label: Label) -> int | None:
        """The number of the outcome with this label; None if it is none."""
        return self.labels.index(label) if label in self.labels else None


@lru_cache(maxsize=10_000)
def _choice(name: str, labels: tuple[Label, ...]) -> Choice:
    """The decision; walks come by the same ones again and again."""
    return Choice(name, labels)


@dataclass
class _Walk:
    """One run of a program: what it asked for and what it got."""

    choose: Callable[[Point], int]
    points: list[Choice]
    decisions: dict[str, Label]

    def decide(self, name: str, options: list[Label], take: list[int] | None = None) -> Label:
        """The outcome of a decision; `take`: sizes of the sublist to take."""
        labels = tuple(options) if take is None else tuple(list(c) for k in take for c in combinations(options, k))
        if len(labels) == 1:
            return labels[0]
        point = _choice(name, labels) if take is None else Choice(name, labels)
        label = point.outcome(self.choose(point))
        self.points.append(point)
        self.decisions[name] = label
        return label


class ProgramSpace:
    """The space of all runs of a program.

    The program calls `decide(id, options)` or `decide(id, options, take=sizes)` as often as it likes, depending on what
    it got, and returns the identity of what it made, or raises `OutsideError`.
    """

    def __init__(self, program: Program):
        self._program = program

    def candidate(self, decisions: Decisions) -> Candidate:
        """The candidate of complete decisions. Raises OutsideError if they are not in the space."""

        def given(point: Point) -> int:
            index = _index(point, decisions)
            if index is None:
                raise OutsideError(point.id)
            return index

        found = self.walk(given)
        if found is None or len(found.decisions) != len(decisions):
            raise OutsideError("not in the space")
        return found

    def sample(self, rng: Random) -> Candidate:
        """Each decision uniform over its outcomes."""
        return self._until_valid(lambda point: rng.randrange(point.outcomes))

    def walk(self, choose: Callable[[Point], int]) -> Candidate | None:
        """One run of the program."""
        walk = _Walk(choose, [], {})
        try:
            identity = self._program(walk.decide)
        except OutsideError:
            return None
        return Candidate(walk.decisions, identity)

    def points(self, candidate: Candidate) -> tuple[Point, ...]:
        """The decisions that the candidate reaches."""
        walk = _Walk(lambda point: _index(point, candidate.decisions) or 0, [], {})
        self._program(walk.decide)
        return tuple(walk.points)

    def complete(self, wanted: Decisions, rng: Random) -> Candidate:
        """What is wanted where it is possible, the rest drawn."""

        def choose(point: Point) -> int:
            index = _index(point, wanted)
            return rng.randrange(point.outcomes) if index is None else index

        found = self.walk(choose)
        return self.sample(rng) if found is None else found

    def neighbours(self, candidate: Candidate) -> Iterator[Candidate]:
        """Every other outcome of every decision; what it opens is at its first option."""
        for point in self.points(candidate):
            for label in (point.outcome(i) for i in range(point.outcomes)):
                if label != candidate.decisions[point.id]:
                    wanted: Mapping[str, Label] = {**candidate.decisions, point.id: label}
                    found = self.walk(lambda p, wanted=wanted: _index(p, wanted) or 0)  # type: ignore[misc]
                    if found is not None:
                        yield found

    def mutate(self, candidate: Candidate, rng: Random) -> Candidate:
        """Another outcome at one decision; what it opens is drawn."""
        points = self.points(candidate)

        def another() -> Candidate | None:
            point = points[rng.randrange(len(points))]
            now = _index(point, candidate.decisions) or 0
            label = point.outcome((now + 1 + rng.randrange(point.outcomes - 1)) % point.outcomes)
            return self.walk(_following({**candidate.decisions, point.id: label}, rng))

        return _first(another)

    def crossover(self, one: Candidate, other: Candidate, rng: Random) -> Candidate:
        """Each decision from either parent."""

        def child() -> Candidate | None:
            names = dict.fromkeys([*one.decisions, *other.decisions])
            wanted = {}
            for name in names:
                parents = [p for p in (one, other) if name in p.decisions]
                wanted[name] = parents[rng.randrange(len(parents))].decisions[name]
            return self.walk(_following(wanted, rng))

        return _first(child)

    def enumerate(self) -> Iterator[Candidate]:
        """Every candidate once, in the order of decisions."""
        prefix: list[int] | None = []
        while prefix is not None:
            taken: list[tuple[int, int]] = []

            def choose(point: Point, start: list[int] = prefix, taken: list[tuple[int, int]] = taken) -> int:
                index = start[len(taken)] if len(taken) < len(start) else 0
                taken.append((index, point.outcomes))
                return index

            found = self.walk(choose)
            if found is not None:
                yield found
            while taken and taken[-1][0] + 1 == taken[-1][1]:
                taken.pop()
            prefix = [*(index for index, _ in taken[:-1]), taken[-1][0] + 1] if taken else None

    def count(self, limit: int) -> int | None:
        """How many there are; None if more than `limit`."""
        found = 0
        for found, _ in enumerate(self.enumerate(), 1):
            if found > limit:
                return None
        return found

    def _until_valid(self, choose: Callable[[Point], int]) -> Candidate:
        return _first(lambda: self.walk(choose))


def _following(wanted: Decisions, rng: Random) -> Callable[[Point], int]:
    """What is wanted where it is an outcome; else drawn."""

    def choose(point: Point) -> int:
        index = _index(point, wanted)
        return rng.randrange(point.outcomes) if index is None else index

    return choose


def _first(draw: Callable[[], Candidate | None]) -> Candidate:
    """The first valid draw."""
    for _ in range(ATTEMPTS):
        found = draw()
        if found is not None:
            return found
    raise OutsideError(f"nothing valid in {ATTEMPTS} attempts")


def _index(point: Point, decisions: Decisions) -> int | None:
    """The number of the decided outcome."""
    return point.index(decisions[point.id]) if point.id in decisions else None
