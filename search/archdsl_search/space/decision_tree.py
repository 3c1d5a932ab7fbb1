"""Which outcomes open which decisions: the tree of a space, its size, and draws that are uniform over architectures.

A decision that is always reached hangs at the root; one that is reached only with certain outcomes of another hangs
there. Where every decision hangs at one place, the space is counted by sums and products:

    size(decisions) = product over the decisions of: sum over outcomes of size(what the outcome opens)

and a draw that takes each outcome with probability proportional to the size of what it opens is uniform. Candidates
outside the space (`require`, shapes) are counted, and drawn again.

The tree is learned by looking: random walks find the decisions that are always reached; for the others each outcome
of each decision is tried in turn. It is then held against the walks, and against every candidate that is drawn. A
space in which a decision depends on two others at once has no such tree: that is said, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from archdsl_search.space.reached import ReachedCandidate
from archdsl_search.space.search_space import Point
from archdsl_search.space.spec_space import ATTEMPTS, SpecSpace, nothing_valid

if TYPE_CHECKING:
    from archdsl import Decision

# Random walks by which a tree is learned and checked, and walks that learning may take in all.
WALKS = 64
MOST_WALKS = 5_000


class NoTreeError(ValueError):
    """A decision of the space depends on several others at once."""


@dataclass(eq=False)
class Part:
    """A decision, and for each outcome the decisions that it opens."""

    point: Decision
    opened: list[list[Part]] = field(default_factory=list)

    def sizes(self) -> list[int]:
        """For each outcome, how many ways there are through what it opens."""
        return [size(parts) for parts in self.opened]


def size(parts: Sequence[Part]) -> int:
    """How many ways there are through independent decisions and what they open."""
    product = 1
    for part in parts:
        product *= sum(part.sizes())
    return product


class DecisionTree:
    """The tree of one space.

    Attributes:
        parts: the decisions that are always reached.
        valid: the share of random walks that ended within the space.
        size: how many ways through the decisions there are, those that end outside included.
    """

    def __init__(self, space: SpecSpace, progress: Callable[[int], None] = lambda walks: None):
        """Learn the tree of a space.

        Args:
            progress: told how many walks were made.

        Raises:
            NoTreeError: if it has none, or is too large to learn.
        """
        self._space = space
        self._walks = 0
        self._progress = progress
        rng = Random(0)
        seen = [self._walk(lambda point: rng.randrange(point.outcomes)) for _ in range(WALKS)]
        self.valid = sum(valid for _, valid in seen) / WALKS
        always = set.intersection(*(set(found) for found, _ in seen))
        whole = [point for point in seen[0][0] if point in always]
        if any(found.keys() != always for found, _ in seen):
            self.parts = self._learn(whole, {})
        else:
            self.parts = [Part(point, [[] for _ in range(point.outcomes)]) for point in whole]
        for found, _ in seen:
            self._check(found)
        self.size = size(self.parts)

    def sample(self, rng: Random) -> ReachedCandidate:
        """A candidate, every one in the space equally likely.

        Raises:
            OutsideError: if nothing valid was found in 1000 draws.
            NoTreeError: if a candidate shows that the space has no tree.
        """
        for _ in range(ATTEMPTS):
            chosen: dict[Decision, int] = {}
            _draw(self.parts, rng, chosen)
            reached: list[Point] = []
            found = self._space.walk(_following(chosen, reached))
            if set(reached) != set(chosen):
                raise NoTreeError(f"{self._space.space.name}: decisions depend on several others at once")
            if found is not None:
                return found
        raise nothing_valid(self._space.space)

    def all_parts(self) -> list[Part]:
        """Every decision that any candidate reaches, those that are opened behind the one that opens them."""
        found: list[Part] = []

        def collect(parts: Sequence[Part]) -> None:
            for part in parts:
                found.append(part)
                for opened in part.opened:
                    collect(opened)

        collect(self.parts)
        return found

    def _walk(self, choose: Callable[[Point], int]) -> tuple[dict[Decision, int], bool]:
        """The decisions that one walk reaches, with their outcomes; and whether it ends in the space."""
        self._walks += 1
        if self._walks > MOST_WALKS:
            raise NoTreeError(f"{self._space.space.name}: too many conditional decisions to learn what opens them")
        self._progress(self._walks)
        taken: dict[Decision, int] = {}

        def note(point: Point) -> int:
            taken[point] = choose(point)  # type: ignore[index]
            return taken[point]  # type: ignore[index]

        return taken, self._space.walk(note) is not None

    def _learn(self, points: Sequence[Decision], fixed: dict[Decision, int]) -> list[Part]:
        """What each outcome of these decisions opens, found by trying them with everything else at its first."""
        parts = [self._part(point, fixed) for point in points]
        homes = [opened for part in parts for below in part.opened for opened in below]
        if len({part.point for part in homes}) < len(homes):
            self._merge_alike(parts)
        return parts

    def _part(self, point: Decision, fixed: dict[Decision, int]) -> Part:
        reached = [
            list(self._walk(lambda p, i=i: {**fixed, point: i}.get(p, 0))[0])  # type: ignore[misc]
            for i in range(point.outcomes)
        ]
        common = set.intersection(*map(set, reached))
        opened = []
        for outcome, found in enumerate(reached):
            new = [p for p in found if p not in common]
            opened.append(self._nested(new, {**fixed, point: outcome}))
        return Part(point, opened)

    def _nested(self, points: list[Decision], fixed: dict[Decision, int]) -> list[Part]:
        """Of decisions that an outcome opens, those that it opens itself, with what they open in turn."""
        if not points:
            return []
        parts = self._learn(points, fixed)
        below = {part.point for part in DecisionTree._within(parts)}
        return [part for part in parts if part.point not in below]

    @staticmethod
    def _within(parts: Sequence[Part]) -> list[Part]:
        found: list[Part] = []
        for part in parts:
            for opened in part.opened:
                found += opened
                found += DecisionTree._within(opened)
        return found

    def _merge_alike(self, parts: Sequence[Part]) -> None:
        """A decision may hang at several outcomes of one decision, never at two decisions."""
        home: dict[Decision, Part] = {}
        for part in parts:
            for opened in part.opened:
                for below in opened:
                    if home.setdefault(below.point, part) is not part:
                        raise NoTreeError(
                            f"`{below.point.id}` depends on both `{home[below.point].point.id}` and `{part.point.id}`"
                        )

    def _check(self, taken: dict[Decision, int]) -> None:
        """Whether the tree reaches the decisions that a walk reached."""
        expected: set[Decision] = set()

        def follow(parts: Sequence[Part]) -> None:
            for part in parts:
                expected.add(part.point)
                if part.point in taken:
                    follow(part.opened[taken[part.point]])

        follow(self.parts)
        if expected != set(taken):
            odd = next(iter(expected ^ set(taken)))
            raise NoTreeError(f"`{odd.id}` depends on several other decisions at once")


def _draw(parts: Sequence[Part], rng: Random, chosen: dict[Decision, int]) -> None:
    """Draw outcomes with probabilities proportional to the sizes of what they open."""
    for part in parts:
        sizes = part.sizes()
        left = rng.randrange(sum(sizes))
        outcome = 0
        while left >= sizes[outcome]:
            left -= sizes[outcome]
            outcome += 1
        chosen[part.point] = outcome
        _draw(part.opened[outcome], rng, chosen)


def _following(chosen: dict[Decision, int], reached: list[Point]) -> Callable[[Point], int]:
    def choose(point: Point) -> int:
        reached.append(point)
        return chosen.get(point, 0)  # type: ignore[call-overload, no-any-return]

    return choose
