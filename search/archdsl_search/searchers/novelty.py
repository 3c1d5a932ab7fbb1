"""Which candidates were proposed before, and how to find one that was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from archdsl_search.candidate import Candidate
from archdsl_search.space.search_space import SearchSpace

ATTEMPTS = 100


class Novelty:
    """The identities proposed so far.

    Duplicates cost a search nothing but a trial; most searchers would rather have something new. When drawing finds
    nothing new, the space may be nearly exhausted: then it is walked from its beginning, once.
    """

    def __init__(self, space: SearchSpace):
        self._space = space
        self._seen: set[str] = set()
        self._rest: Iterator[Candidate] | None = None

    def __contains__(self, candidate: Candidate) -> bool:
        return candidate.identity in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, candidate: Candidate) -> None:
        """Remember a candidate as proposed."""
        self._seen.add(candidate.identity)

    def draw(self, draw: Callable[[], Candidate], attempts: int = ATTEMPTS) -> Candidate | None:
        """The first new one of so many draws, remembered; None if there was none."""
        for _ in range(attempts):
            candidate = draw()
            if candidate not in self:
                self.add(candidate)
                return candidate
        return None

    def sample(self, rng: Random) -> Candidate | None:
        """A new candidate drawn uniformly by decisions; None only if the space has no other."""
        return self.draw(lambda: self._space.sample(rng)) or self.next()

    def next(self) -> Candidate | None:
        """The next new candidate in the order of decisions; None when there is no other."""
        if self._rest is None:
            self._rest = self._space.enumerate()
        for candidate in self._rest:
            if candidate not in self:
                self.add(candidate)
                return candidate
        return None
