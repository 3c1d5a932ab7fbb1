"""Predictor-guided search: propose what an ensemble of Gaussian processes finds most promising in a pool.

The outline is BANANAS' (arXiv:1910.11858): a path encoding, an ensemble, expected improvement, candidates by mutating
the best. Gaussian processes take the place of its neural networks: they need no training schedule and no seeds.
"""

from __future__ import annotations

from random import Random

import numpy as np

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.searchers.one_thread import one_thread
from archdsl_search.searchers.predictor.acquisition import normal_scores, promise
from archdsl_search.searchers.predictor.encoding import Encoded, Encoder
from archdsl_search.searchers.predictor.gaussian_processes import Distances, Ensemble
from archdsl_search.searchers.predictor.pool import Pool
from archdsl_search.searchers.predictor.settings import PredictorSettings
from archdsl_search.searchers.values import value_of
from archdsl_search.space.search_space import SearchSpace

# Members of the ensemble are chosen anew when what they were chosen by has grown by this part.
GROWTH = 0.1


class Predictor(Searcher[PredictorSettings]):
    """Learns from finished trials; what is open counts as having the value that was predicted for it."""

    name = "predictor"
    settings_type = PredictorSettings

    def __init__(self, space: SearchSpace, settings: PredictorSettings, rng: Random):
        super().__init__(space, settings, rng)
        self._encoder = Encoder(space, settings.encoding)
        self._novelty = Novelty(space)
        self._pool = Pool(space, settings, rng, self._encoder, self._novelty)
        self._ensemble = Ensemble()
        self._seen: list[tuple[float, Encoded]] = []
        self._open: dict[int, tuple[Encoded, float]] = {}
        self._told = 0
        self._fitted_at = 0
        self._to_draw = settings.initial

    def ask(self, trial: int) -> Candidate | None:
        """A random candidate at first, then the most promising of the pool."""
        if self._to_draw > 0 or len(self._seen) < 2:
            self._to_draw -= 1
            return self._drawn(trial)
        with one_thread():
            return self._chosen(trial)

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Counts towards the first candidates."""
        self._to_draw -= 1
        self._novelty.add(candidate)
        self._pool.discard(candidate)
        self._open[trial] = self._encoder.encode(candidate), 0.0

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Learn a finished value; a new one among the best sends its mutations to the pool."""
        encoded, _ = self._open.pop(trial)
        value = value_of(outcome)
        if value is None:
            self._encoder.release(encoded)
            return
        self._told += 1
        self._seen.append((value, encoded))
        self._pool.tell(value, candidate)
        if len(self._seen) > self.settings.memory:
            self._forget()

    def _drawn(self, trial: int) -> Candidate | None:
        candidate = self._novelty.sample(self.rng)
        if candidate is not None:
            self._pool.discard(candidate)
            self._open[trial] = self._encoder.encode(candidate), 0.0
        return candidate

    def _forget(self) -> None:
        """Drop the oldest trial that is not in the better half of what is remembered."""
        bar = sorted(value for value, _ in self._seen)[len(self._seen) // 2]
        oldest = next((i for i, (value, _) in enumerate(self._seen) if value < bar), 0)
        self._encoder.release(self._seen.pop(oldest)[1])

    def _chosen(self, trial: int) -> Candidate | None:
        """The most promising candidate of the pool; a random one if the pool is empty."""
        members = self._pool.shortlist()
        if not members:
            return self._drawn(trial)
        scores = normal_scores(np.array([value for value, _ in self._seen]))
        if self._told >= (1 + GROWTH) * self._fitted_at:
            self._ensemble.fit(self._distances([e for _, e in self._seen]), scores)
            self._fitted_at = self._told
        known = [encoded for _, encoded in self._seen] + [encoded for encoded, _ in self._open.values()]
        values = np.concatenate([scores, [value for _, value in self._open.values()]])
        mean, deviation = self._ensemble.predict(self._distances(known), values, self._distances(members, known))
        every = self.settings.explore
        explore = every > 0 and trial % every == 0
        promises = promise(self.settings, mean, deviation, float(scores.max()), self.rng, explore)
        place = self._pool.take(members, promises.tolist())
        chosen = members[place]
        self._novelty.add(chosen.candidate)
        self._open[trial] = chosen, float(mean[place])
        return chosen.candidate

    def _distances(self, ones: list[Encoded], others: list[Encoded] | None = None) -> Distances:
        to = ones if others is None else others
        return {name: self._encoder.distances(name, ones, to) for name in self._encoder.encodings}
