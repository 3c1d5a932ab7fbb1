"""What searchers see of a search space."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from random import Random
from typing import Protocol, runtime_checkable

from archdsl_search.candidate import Candidate, Decisions, Label


class Point(Protocol):
    """A decision that is reached: `archdsl`'s Decision."""

    @property
    def id(self) -> str:
        """The path that names it."""

    @property
    def outcomes(self) -> int:
        """How many outcomes it has; at least two."""

    @abstractmethod
    def outcome(self, index: int) -> Label:
        """The outcome with this number."""

    @abstractmethod
    def index(self, label: Label) -> int | None:
        """The number of the outcome with this label, the inverse of `outcome`; None if it is none."""


class SearchSpace(Protocol):
    """Sampling, walking and changing of candidates; conditional decisions are followed wherever they lead.

    Every method that takes a random generator draws from nothing else, and from it alone. Candidates that it gives
    are in the space: `require` holds and shapes fit.
    """

    @abstractmethod
    def candidate(self, decisions: Decisions) -> Candidate:
        """The candidate of complete decisions, with its identity.

        Raises:
            archdsl.ArchdslError: if they are incomplete, impossible or outside the space.
        """

    @abstractmethod
    def sample(self, rng: Random) -> Candidate:
        """Each decision uniform over its outcomes, drawn again while invalid."""

    @abstractmethod
    def walk(self, choose: Callable[[Point], int]) -> Candidate | None:
        """Ask `choose` for the number of an outcome at each decision, in the order reached; None if invalid."""

    @abstractmethod
    def points(self, candidate: Candidate) -> tuple[Point, ...]:
        """The decisions that the candidate reaches, in order."""

    @abstractmethod
    def complete(self, wanted: Decisions, rng: Random) -> Candidate:
        """A candidate that follows `wanted` wherever it is reached and possible; the rest is drawn."""

    @abstractmethod
    def neighbours(self, candidate: Candidate) -> Iterator[Candidate]:
        """Every candidate with another outcome at one decision, decisions that this opens at their first option."""

    @abstractmethod
    def mutate(self, candidate: Candidate, rng: Random) -> Candidate:
        """Another outcome at one decision drawn uniformly, decisions that this opens drawn uniformly."""

    @abstractmethod
    def crossover(self, one: Candidate, other: Candidate, rng: Random) -> Candidate:
        """Each decision from either parent with probability one half; what neither has decided is drawn."""

    @abstractmethod
    def enumerate(self) -> Iterator[Candidate]:
        """Every valid candidate once by decisions, in the order of decisions."""

    @abstractmethod
    def count(self, limit: int) -> int | None:
        """How many valid candidates there are; None if counting would look at more than `limit`."""


@runtime_checkable
class DescribedSpace(Protocol):
    """A space that can tell what its candidates' graphs look like: for predictors."""

    @abstractmethod
    def paths(self, candidate: Candidate) -> frozenset[str]:
        """The paths of operations through the cells of the candidate, one word for each."""
