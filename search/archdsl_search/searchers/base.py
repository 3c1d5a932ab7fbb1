"""What a searcher is: ask and tell. It sees a space and its own random generator; never storage, clock or trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from random import Random
from typing import ClassVar, Generic, TypeVar

from archdsl_search.candidate import Candidate
from archdsl_search.options import Options
from archdsl_search.outcome import Outcome
from archdsl_search.space.search_space import SearchSpace


class SearcherSettings(Options):
    """Options of a searcher in a sweep file, beside `name`. Each field's description is its documentation."""


S = TypeVar("S", bound=SearcherSettings)


class Searcher(ABC, Generic[S]):
    """Proposes candidates and learns from outcomes.

    The state is a function of the arguments of `__init__` and of the sequence of calls: the same calls give the same
    candidates, bit for bit. A sweep is resumed by making these calls again from the journal. So nothing is saved,
    no clock is read, no global random generator is used.

    Calls may interleave: several trials are open at a time, and are told in any order, each exactly once. An outcome
    that is not finished carries no values; it must not pull the search towards or poison it with numbers.

    Class attributes:
        name: what sweep files call it.
        settings_type: its options.
        multi_objective: whether it can follow several values at once.
    """

    name: ClassVar[str]
    settings_type: ClassVar[type[SearcherSettings]] = SearcherSettings
    multi_objective: ClassVar[bool] = False

    def __init__(self, space: SearchSpace, settings: S, rng: Random):
        self.space = space
        self.settings = settings
        self.rng = rng

    @abstractmethod
    def ask(self, trial: int) -> Candidate | None:
        """The candidate of this trial.

        None: nothing to try before an open trial has been told; if none is open, the search is over.
        """

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Somebody else proposes this candidate, as this trial; it is told like those that were asked for."""

    @abstractmethod
    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """What became of a trial that was asked for."""
