"""NSGA-II: evolution towards a whole Pareto front (Deb et al. 2002; for architectures arXiv:1810.03522)."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from random import Random

from pydantic import Field

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.pareto import crowding, fronts
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.searchers.values import values_of
from archdsl_search.space.search_space import SearchSpace

# Children drawn until one is new.
ATTEMPTS = 20


class Nsga2Settings(SearcherSettings):
    """Options of NSGA-II; the defaults are those of NSGA-Net."""

    population: int = Field(40, ge=2, description="Members that survive each generation, and children of each.")
    crossover: float = Field(0.9, ge=0, le=1, description="Probability that a child has two parents.")
    mutation: float = Field(1.0, ge=0, le=1, description="Probability that one decision of a child is changed.")


@dataclass(frozen=True, eq=False)
class _Member:
    """A told candidate; a lower front and a larger distance are better."""

    values: tuple[float, ...]
    candidate: Candidate
    front: int = 0
    distance: float = inf


class Nsga2(Searcher[Nsga2Settings]):
    """Survivors are chosen by front, then by distance to their neighbours on it.

    Asynchronous: children are made of the present population; when as many as a generation have been told, population
    and children together are cut down to the population.
    """

    name = "nsga2"
    settings_type = Nsga2Settings
    multi_objective = True

    def __init__(self, space: SearchSpace, settings: Nsga2Settings, rng: Random):
        super().__init__(space, settings, rng)
        self._novelty = Novelty(space)
        self._to_draw = settings.population
        self._population: list[_Member] = []
        self._children: list[_Member] = []

    def ask(self, trial: int) -> Candidate | None:
        """A random candidate in the first generation, then a child; None when there is nothing new in the space."""
        if self._to_draw > 0 or not self._population:
            self._to_draw -= 1
            return self._novelty.sample(self.rng)
        return self._novelty.draw(self._child, ATTEMPTS) or self._novelty.sample(self.rng)

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Counts towards the first generation."""
        self._to_draw -= 1
        self._novelty.add(candidate)

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """A finished trial joins its generation; a full generation is selected from."""
        values = values_of(outcome)
        if values is None:
            return
        self._children.append(_Member(values, candidate))
        # Before there are parents, whoever is told is one.
        if len(self._children) >= self.settings.population or not self._population:
            self._select()

    def _select(self) -> None:
        """The best of parents and children become the population."""
        everybody = [*self._population, *self._children]
        if len(self._population) < self.settings.population:
            everybody = everybody[-2 * self.settings.population :]
        self._children = []
        chosen: list[_Member] = []
        for number, front in enumerate(fronts([member.values for member in everybody])):
            distances = crowding([everybody[i].values for i in front])
            ranked = sorted(zip(distances, front, strict=True), key=lambda pair: (-pair[0], pair[1]))
            chosen += [_Member(everybody[i].values, everybody[i].candidate, number, d) for d, i in ranked]
            if len(chosen) >= self.settings.population:
                break
        self._population = chosen[: self.settings.population]

    def _child(self) -> Candidate:
        child = self._parent()
        if self.rng.random() < self.settings.crossover:
            child = self.space.crossover(child, self._parent(), self.rng)
        if child.decisions and self.rng.random() < self.settings.mutation:
            child = self.space.mutate(child, self.rng)
        return child

    def _parent(self) -> Candidate:
        """The better of two drawn members (the paper's crowded comparison)."""
        drawn = [self._population[self.rng.randrange(len(self._population))] for _ in range(2)]
        return min(drawn, key=lambda member: (member.front, -member.distance)).candidate
