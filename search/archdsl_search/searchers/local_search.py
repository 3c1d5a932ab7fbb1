"""Local search: evaluate neighbours, move to a better one, start again from a drawn candidate (arXiv:2005.02960)."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Literal

from pydantic import Field

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.searchers.values import value_of
from archdsl_search.space.search_space import SearchSpace


class LocalSearchSettings(SearcherSettings):
    """Options of local search."""

    move: Literal["best", "first"] = Field(
        "first",
        description="When to move: to the best neighbour after all were told, or to the first that is better.",
    )
    starts: int = Field(1, ge=1, description="Candidates drawn at each start; the best of them is where it begins.")


class LocalSearch(Searcher[LocalSearchSettings]):
    """Hill climbing with restarts.

    A neighbour that was proposed earlier is not proposed again: its value is remembered. While the neighbours of the
    present candidate are open and none is left to try, `ask` gives None.
    """

    name = "local_search"
    settings_type = LocalSearchSettings

    def __init__(self, space: SearchSpace, settings: LocalSearchSettings, rng: Random):
        super().__init__(space, settings, rng)
        self._novelty = Novelty(space)
        self._values: dict[str, float | None] = {}
        self._open: set[int] = set()
        self._queue: deque[Candidate] = deque()
        self._to_draw = settings.starts
        self._here: Candidate | None = None
        self._best: Candidate | None = None

    def ask(self, trial: int) -> Candidate | None:
        """A start, or a neighbour of the present candidate."""
        candidate = self._next()
        if candidate is not None:
            self._open.add(trial)
        return candidate

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """A start."""
        self._to_draw = max(0, self._to_draw - 1)
        self._novelty.add(candidate)
        self._open.add(trial)

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Remember the value, and move if it is time to."""
        self._open.discard(trial)
        value = value_of(outcome)
        if value is not None or candidate.identity not in self._values:
            self._values[candidate.identity] = value
        self._consider(candidate)
        if self.settings.move == "first" and self._here is not None and self._best is not self._here:
            self._move()

    def _next(self) -> Candidate | None:
        while True:
            if self._to_draw:
                self._to_draw -= 1
                return self._novelty.sample(self.rng)
            while self._queue:
                candidate = self._queue.popleft()
                if candidate not in self._novelty:
                    self._novelty.add(candidate)
                    return candidate
                self._consider(candidate)
            if self._open:
                return None
            self._settle()

    def _settle(self) -> None:
        """All neighbours are known: move to the best of them, or start again."""
        if self._best is self._here:
            self._here = self._best = None
            self._to_draw = self.settings.starts
        else:
            self._move()

    def _move(self) -> None:
        """Go to the best candidate known here; its neighbours come next, in drawn order."""
        self._here = self._best
        assert self._here is not None
        found = list(self.space.neighbours(self._here))
        self.rng.shuffle(found)
        self._queue = deque(found)

    def _consider(self, candidate: Candidate) -> None:
        """Note the best of what was seen since the last start."""
        value = self._values.get(candidate.identity)
        if value is not None and (self._best is None or value > self._known(self._best)):
            self._best = candidate

    def _known(self, candidate: Candidate) -> float:
        value = self._values[candidate.identity]
        assert value is not None
        return value
