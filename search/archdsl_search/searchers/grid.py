"""Grid search: every candidate in the order of decisions."""

from __future__ import annotations

from random import Random

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.space.search_space import SearchSpace


class Grid(Searcher[SearcherSettings]):
    """Enumerates the space, each identity once; ends when there is no other."""

    name = "grid"
    multi_objective = True

    def __init__(self, space: SearchSpace, settings: SearcherSettings, rng: Random):
        super().__init__(space, settings, rng)
        self._novelty = Novelty(space)

    def ask(self, trial: int) -> Candidate | None:
        """The next candidate of a new identity."""
        return self._novelty.next()

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Don't propose it again."""
        self._novelty.add(candidate)

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Nothing to learn."""
