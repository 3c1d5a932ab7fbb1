"""The candidates that a predictor chooses from: mutations of the best and random ones, kept from ask to ask."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from random import Random

import numpy as np

from archdsl_search.candidate import Candidate
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.searchers.predictor.encoding import Encoded, Encoder
from archdsl_search.searchers.predictor.settings import PredictorSettings
from archdsl_search.space.search_space import SearchSpace

# All members are rated once in so many proposals; in between those that looked best then, and new ones.
THOROUGH = 10
# Trials after which the pool changes little from one to the next: less and less of it is rated.
LONG = 500
# Trials after which fewer and fewer candidates enter: half as many at 1.4 times this number, a quarter at twice.
EAGER = 100
# So many of the members that looked best are changed to find better ones.
PROMISING = 5


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
        self._promises: dict[str, float] = {}
        self._parents: list[tuple[float, Candidate]] = []
        self._promising: list[Candidate] = []
        self._asked = 0
        self._entered = 0
        self._told = 0

    def tell(self, value: float, candidate: Candidate) -> None:
        """A finished trial: among the best, it becomes a parent, and its mutations enter."""
        self._told += 1
        if len(self._parents) == self._settings.parents and value <= self._parents[-1][0]:
            return
        self._parents.append((value, candidate))
        self._parents.sort(key=lambda parent: -parent[0])
        del self._parents[self._settings.parents :]
        for _ in range(self._settings.children):
            self._enter(self._mutation(candidate))

    def shortlist(self) -> list[Encoded]:
        """Let fresh candidates in; gives the members that are to be rated now."""
        for _ in range(self._fresh()):
            self._enter(self._new())
        self._asked += 1
        members = list(self._members.values())
        thorough, rated = self._looked_at()
        if self._asked % thorough == 0 or len(members) <= rated:
            return members
        promises = np.array([self._promises.get(name, inf) for name in self._members])
        return [members[place] for place in np.argsort(-promises, kind="stable")[:rated]]

    def _looked_at(self) -> tuple[int, int]:
        """In how many proposals all members are rated once, and how many are in the others."""
        rated = self._settings.rated
        if self._told <= LONG:
            return THOROUGH, rated
        return min(THOROUGH * self._told // LONG, 4 * THOROUGH), max(rated * LONG // self._told, 1 + rated // 3)

    def take(self, members: Sequence[Encoded], promises: Sequence[float]) -> int:
        """Remove the most promising of a shortlist, and give its place; the pool keeps to its size."""
        self._promises.update({m.candidate.identity: p for m, p in zip(members, promises, strict=True)})
        first, *others = sorted(range(len(members)), key=lambda i: -promises[i])[: 1 + PROMISING]
        self._remove(members[first].candidate.identity)
        self._promising = [members[i].candidate for i in others]
        surplus = len(self._members) - self._settings.pool
        if surplus > 0:
            worst = sorted(self._members, key=lambda name: self._promises.get(name, inf))
            for name in worst[:surplus]:
                self._encoder.release(self._remove(name))
        return first

    def discard(self, candidate: Candidate) -> None:
        """Somebody else proposes this candidate."""
        if candidate.identity in self._members:
            self._encoder.release(self._remove(candidate.identity))

    def _new(self) -> Candidate:
        """One in three each: a best trial changed twice, a promising member changed once, a random candidate.

        Changing what looks promising climbs towards what would look best of all, a step with each proposal.
        """
        self._entered += 1
        kind = self._entered % 3
        if kind == 1 and self._parents:
            parent = self._parents[self._rng.randrange(len(self._parents))][1]
            return self._mutation(self._mutation(parent))
        if kind == 2 and self._promising:
            return self._mutation(self._promising[self._rng.randrange(len(self._promising))])
        return self._space.sample(self._rng)

    def _fresh(self) -> int:
        """How many candidates enter: what is tried early decides most, and long searches have to be cheap."""
        eagerness = 1.0 if self._told <= EAGER else (EAGER / self._told) ** 2
        return max(1, round(self._settings.fresh * eagerness))

    def _mutation(self, candidate: Candidate) -> Candidate:
        return self._space.mutate(candidate, self._rng) if candidate.decisions else candidate

    def _enter(self, candidate: Candidate) -> None:
        if candidate.identity not in self._members and candidate not in self._novelty:
            self._members[candidate.identity] = self._encoder.encode(candidate)

    def _remove(self, name: str) -> Encoded:
        self._promises.pop(name, None)
        return self._members.pop(name)
