"""The search space of a spec file: everything derived from the decisions that `archdsl.Space` reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING

import archdsl
from archdsl_search.candidate import Candidate, Decisions, Label
from archdsl_search.space.cell_paths import cell_paths
from archdsl_search.space.identity import Identify, by_graph
from archdsl_search.space.reached import ReachedCandidate
from archdsl_search.space.search_space import Point, SearchSpace
from archdsl_search.space.trie import Trie

if TYPE_CHECKING:
    from archdsl import Architecture, Decision, Space, Walk

# How often a random draw is repeated while its candidate is not in the space.
ATTEMPTS = 1000
# Draws that hold on to everything wanted before some of it is let go.
FAITHFUL_ATTEMPTS = 100
# Decisions of known prefixes, about 300 bytes each.
CAPACITY = 250_000


class OutsideError(ValueError):
    """Nothing valid was found: the space is empty, or nearly so."""


class _Outside:
    """Where a known way ends that is not in the space."""


_OUTSIDE = _Outside()


class SpecSpace(SearchSpace):
    """A space file under one rule of identity.

    A candidate is elaborated when it is first met; after that, walking to it takes microseconds, so searches in one
    process should share one of these. Memory is bounded.

    Args:
        space: the file.
        identify: the rule of identity.
        capacity: how many decisions of known ways are kept.
    """

    def __init__(self, space: Space, identify: Identify = by_graph, capacity: int = CAPACITY):
        self.space = space
        self._identify = identify
        # The candidate that was elaborated last: whoever met it wants its identity next.
        self._latest: tuple[Decisions, Architecture | None] = ({}, None)
        self._capacity = capacity
        self._known: Trie[ReachedCandidate | _Outside] = Trie(capacity)
        self._points: dict[Decision, Decision] = {}

    def candidate(self, decisions: Decisions) -> Candidate:
        """The candidate of complete decisions.

        Raises:
            archdsl.ArchdslError: if they are incomplete, impossible or outside the space.
        """
        found = self.walk(lambda point: _index(point, decisions.get(point.id)) or 0)
        if found is not None and _same(found.decisions, decisions):
            return found
        self.space.resolve(decisions)  # says what is wrong
        raise AssertionError("decisions that resolve are walked to")

    def walk(self, choose: Callable[[Point], int]) -> ReachedCandidate | None:
        """Ask `choose` for the number of an outcome at each decision, in the order reached; None if invalid."""
        leaf, taken = self._known.walk(choose)
        if leaf is None:
            leaf = self._elaborated(choose, taken)
        return leaf if isinstance(leaf, ReachedCandidate) else None

    def _elaborated(self, choose: Callable[[Point], int], taken: list[int]) -> ReachedCandidate | _Outside:
        """Go on behind the outcomes that are taken already, by elaborating."""
        outcomes: list[int] = []

        def number(point: Decision) -> int:
            place = len(outcomes)
            outcomes.append(taken[place] if place < len(taken) else choose(self._shared(point)))
            return outcomes[-1]

        walk = self.space.walk(number)
        points = tuple([self._shared(point) for point in walk.points])
        leaf = _OUTSIDE if walk.architecture is None else self._reached(walk, points, tuple(outcomes))
        self._known.add(points, outcomes, leaf)
        return leaf

    def _reached(self, walk: Walk, points: tuple[Decision, ...], outcomes: tuple[int, ...]) -> ReachedCandidate:
        decisions = {point.id: walk.decisions[point.id] for point in points}
        self._latest = decisions, walk.architecture
        return ReachedCandidate(decisions, points, outcomes, self._name)

    def _name(self, decisions: Decisions) -> str:
        return self._identify(lambda: self._architecture(decisions), decisions)

    def _architecture(self, decisions: Decisions) -> Architecture:
        latest, architecture = self._latest
        return architecture if architecture is not None and latest is decisions else self.space.resolve(decisions)

    def _shared(self, point: Decision) -> Decision:
        """One object for equal decisions: candidates keep theirs."""
        if len(self._points) > self._capacity:
            self._points.clear()
        return self._points.setdefault(point, point)

    def sample(self, rng: Random) -> Candidate:
        """Each decision uniform over its outcomes, drawn again while invalid.

        Raises:
            OutsideError: if nothing valid was found in 1000 draws.
        """
        return self._first_valid(lambda: self.walk(lambda point: rng.randrange(point.outcomes)))

    def points(self, candidate: Candidate) -> tuple[Decision, ...]:
        """The decisions that the candidate reaches, in order."""
        return self._reach(candidate).points

    def paths(self, candidate: Candidate) -> frozenset[str]:
        """The paths of operations through the cells of the candidate; builds its graph."""
        return cell_paths(self.space.resolve(candidate.decisions))

    def complete(self, wanted: Decisions, rng: Random) -> Candidate:
        """A candidate that follows `wanted` wherever it is reached and possible; the rest is drawn.

        Where no such candidate is found in 100 draws, each draw lets go of half of what is wanted.

        Raises:
            OutsideError: if nothing valid was found at all.
        """

        def strict(point: Point) -> int:
            index = _index(point, wanted.get(point.id))
            return rng.randrange(point.outcomes) if index is None else index

        def loose(point: Point) -> int:
            return strict(point) if rng.random() < 0.5 else rng.randrange(point.outcomes)

        for _ in range(FAITHFUL_ATTEMPTS):
            found = self.walk(strict)
            if found is not None:
                return found
        return self._first_valid(lambda: self.walk(loose))

    def neighbours(self, candidate: Candidate) -> Iterator[Candidate]:
        """Every candidate with another outcome at one decision, decisions that this opens at their first option."""
        reached = self._reach(candidate)
        for point, now in zip(reached.points, reached.outcomes, strict=True):
            for outcome in range(point.outcomes):
                if outcome != now:
                    found = self.walk(_changed(reached, point, outcome, lambda _: 0))
                    if found is not None:
                        yield found

    def mutate(self, candidate: Candidate, rng: Random) -> Candidate:
        """Another outcome at one decision drawn uniformly, decisions that this opens drawn uniformly.

        Raises:
            OutsideError: if no valid one was found in 1000 draws.
        """
        reached = self._reach(candidate)
        if not reached.points:
            raise OutsideError("the space has one architecture: there is nothing to change")

        def another() -> ReachedCandidate | None:
            place = rng.randrange(len(reached.points))
            point = reached.points[place]
            outcome = rng.randrange(point.outcomes - 1)
            outcome += outcome >= reached.outcomes[place]
            return self.walk(_changed(reached, point, outcome, lambda p: rng.randrange(p.outcomes)))

        return self._first_valid(another)

    def crossover(self, one: Candidate, other: Candidate, rng: Random) -> Candidate:
        """Each decision from either parent with probability one half; what neither has decided is drawn.

        Raises:
            OutsideError: if no valid one was found in 1000 draws.
        """
        parents = (one.decisions, other.decisions)

        def inherited(point: Point) -> int:
            known = [i for p in parents if (i := _index(point, p.get(point.id))) is not None]
            if not known:
                return rng.randrange(point.outcomes)
            return known[0] if len(set(known)) == 1 else known[rng.randrange(2)]

        return self._first_valid(lambda: self.walk(inherited))

    def enumerate(self) -> Iterator[Candidate]:
        """Every valid candidate once by decisions, in the order of decisions."""
        return (found for found in self._ways() if found is not None)

    def count(self, limit: int) -> int | None:
        """How many valid candidates there are; None if counting would look at more than `limit`."""
        valid = 0
        for looked_at, found in enumerate(self._ways(), 1):
            if looked_at > limit:
                return None
            valid += found is not None
        return valid

    def _ways(self) -> Iterator[ReachedCandidate | None]:
        """Every way through the decisions, the last decision changing fastest; None where it leads outside."""
        start: list[int] | None = []
        while start is not None:
            begun: list[int] = start
            taken: list[tuple[int, int]] = []

            def choose(point: Point, begun: list[int] = begun, taken: list[tuple[int, int]] = taken) -> int:
                outcome = begun[len(taken)] if len(taken) < len(begun) else 0
                taken.append((outcome, point.outcomes))
                return outcome

            yield self.walk(choose)
            while taken and taken[-1][0] + 1 == taken[-1][1]:
                taken.pop()
            start = [*(outcome for outcome, _ in taken[:-1]), taken[-1][0] + 1] if taken else None

    def _reach(self, candidate: Candidate) -> ReachedCandidate:
        if isinstance(candidate, ReachedCandidate):
            return candidate
        found = self.candidate(candidate.decisions)
        assert isinstance(found, ReachedCandidate)
        return found

    def _first_valid(self, draw: Callable[[], ReachedCandidate | None]) -> ReachedCandidate:
        for _ in range(ATTEMPTS):
            found = draw()
            if found is not None:
                return found
        raise nothing_valid(self.space)


def nothing_valid(space: Space) -> OutsideError:
    """What to raise where no draw gave a candidate: it says what is wrong with one of them."""
    message = f"nothing in {space.name} is valid among {ATTEMPTS} draws"
    try:
        space.sample(Random(0))
    except archdsl.ArchdslError as error:
        found = error.diagnostics[0]
        message = "; ".join([f"{space.name}: {found.message}", *([found.label] if found.label else []), *found.notes])
    return OutsideError(message)


def _index(point: Point, label: Label | None) -> int | None:
    """The number of the outcome with this label; None if there is none."""
    return None if label is None else point.index(label)


def _same(one: Decisions, other: Decisions) -> bool:
    return one.keys() == other.keys() and all(type(one[k]) is type(other[k]) and one[k] == other[k] for k in one)


def _changed(
    start: ReachedCandidate, at: Decision, outcome: int, opened: Callable[[Point], int]
) -> Callable[[Point], int]:
    """The outcomes of `start`, another one at one decision; those that are open then are left to `opened`."""
    known = dict(zip(start.points, start.outcomes, strict=True))
    known[at] = outcome

    def choose(point: Point) -> int:
        found = known.get(point)  # type: ignore[call-overload]
        if found is None:
            found = _index(point, start.decisions.get(point.id)) if point.id != at.id else None
        return opened(point) if found is None else found

    return choose
