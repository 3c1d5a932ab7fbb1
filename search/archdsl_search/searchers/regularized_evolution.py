"""Regularized evolution: tournaments in a population that forgets its oldest member (arXiv:1802.01548)."""

from __future__ import annotations

from collections import deque
from random import Random

from pydantic import Field

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.values import value_of
from archdsl_search.space.search_space import SearchSpace


class EvolutionSettings(SearcherSettings):
    """Options of regularized evolution; the defaults are the paper's."""

    population: int = Field(100, ge=2, description="Members; as many candidates are drawn at random first.")
    sample: int = Field(25, ge=1, description="Members drawn, with replacement, for each tournament.")
    identity_mutation: float = Field(
        0.05, ge=0, le=1, description="Probability that a child is its parent, evaluated again."
    )


class RegularizedEvolution(Searcher[EvolutionSettings]):
    """Aging evolution, asynchronous: a child is made of whatever has been told.

    Only finished outcomes join the population; a failed child neither ages nor displaces anybody.
    """

    name = "regularized_evolution"
    settings_type = EvolutionSettings

    def __init__(self, space: SearchSpace, settings: EvolutionSettings, rng: Random):
        super().__init__(space, settings, rng)
        self._population: deque[tuple[float, Candidate]] = deque(maxlen=settings.population)
        self._wanted = settings.population

    def ask(self, trial: int) -> Candidate | None:
        """A random candidate while the first population is made, then a mutated winner of a tournament."""
        if self._wanted > 0 or not self._population:
            self._wanted -= 1
            return self.space.sample(self.rng)
        parent = self._tournament()
        if self.rng.random() < self.settings.identity_mutation or not parent.decisions:
            return parent
        return self.space.mutate(parent, self.rng)

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Counts towards the first population."""
        self._wanted -= 1

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Join the population; the oldest member leaves."""
        value = value_of(outcome)
        if value is not None:
            self._population.append((value, candidate))

    def _tournament(self) -> Candidate:
        drawn = [self._population[self.rng.randrange(len(self._population))] for _ in range(self.settings.sample)]
        return max(drawn, key=lambda member: member[0])[1]
