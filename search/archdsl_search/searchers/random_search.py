"""Random search: the baseline that every other searcher has to beat (arXiv:1902.07638)."""

from __future__ import annotations

from random import Random

from pydantic import Field

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.space.search_space import SearchSpace


class RandomSettings(SearcherSettings):
    """Options of random search."""

    distinct: bool = Field(True, description="Propose each identity once; the search ends when the space has no other.")


class RandomSearch(Searcher[RandomSettings]):
    """Draws each decision uniformly."""

    name = "random"
    settings_type = RandomSettings
    multi_objective = True

    def __init__(self, space: SearchSpace, settings: RandomSettings, rng: Random):
        super().__init__(space, settings, rng)
        self._novelty = Novelty(space)

    def ask(self, trial: int) -> Candidate | None:
        """A drawn candidate; with `distinct`, None when every identity was proposed."""
        return self._novelty.sample(self.rng) if self.settings.distinct else self.space.sample(self.rng)

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Don't propose it again."""
        self._novelty.add(candidate)

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Nothing to learn."""
