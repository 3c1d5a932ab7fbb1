"""The candidates that a predictor chooses from: mutations of the best and random ones, kept from ask to ask."""

from __future__ import annotations

from random import Random

import numpy as np
import numpy.typing as npt

from archdsl_search.candidate import Candidate
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.searchers.predictor.encoding import Encoded, Encoder
from archdsl_search.searchers.predictor.settings import PredictorSettings
from archdsl_search.space.search_space import SearchSpace


class Pool:
    """A bounded set of candidates that were not proposed, each identity once."""

    def __init__(
        self, space: SearchSpace, settings: PredictorSettings, rng: Random, encoder: Encoder, novelty: Novelty
    ):
        self._space = space
        self._settings = settings
        self._rng = rng
        self._encoder = encoder
        self._novelty = novelty
        self._members: dict[str, Encoded] = {}
        self._parents: list[tuple[float, Encoded]] = []

    def tell(self, value: float, encoded: Encoded) -> None:
        """A finished trial: among the best, it becomes a parent, and its mutations enter."""
        if len(self._parents) == self._settings.parents and value <= self._parents[-1][0]:
            return
        self._parents.append((value, encoded))
        self._parents.sort(key=lambda parent: -parent[0])
        del self._parents[self._settings.parents :]
        for _ in range(self._settings.children):
            self._enter(self._mutation(encoded.candidate))

    def grow(self) -> list[Encoded]:
        """Let fresh candidates in; gives all members that are still new."""
        for place in range(self._settings.fresh):
            if place % 3 == 2 or not self._parents:
                self._enter(self._space.sample(self._rng))
            else:
                parent = self._parents[self._rng.randrange(len(self._parents))][1].candidate
                self._enter(self._mutation(self._mutation(parent)))
        self._members = {k: m for k, m in self._members.items() if m.candidate not in self._novelty}
        return list(self._members.values())

    def take(self, place: int, promises: npt.NDArray[np.float64]) -> Encoded:
        """Remove and give the member at a place of what `grow` gave; the least promising leave if it is too full."""
        keys = list(self._members)
        chosen = self._members.pop(keys[place])
        if len(keys) > self._settings.pool:
            for i in np.argsort(promises, kind="stable")[: len(keys) - self._settings.pool]:
                self._members.pop(keys[int(i)], None)
        return chosen

    def _mutation(self, candidate: Candidate) -> Candidate:
        return self._space.mutate(candidate, self._rng) if candidate.decisions else candidate

    def _enter(self, candidate: Candidate) -> None:
        if candidate.identity not in self._members and candidate not in self._novelty:
            self._members[candidate.identity] = self._encoder.encode(candidate)
