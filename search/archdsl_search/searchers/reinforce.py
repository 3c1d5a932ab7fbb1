"""Plain REINFORCE: one softmax for each decision, no recurrence (Williams 1992; a baseline of arXiv:2001.00326)."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from random import Random

from pydantic import Field

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.values import value_of
from archdsl_search.space.search_space import Point, SearchSpace

ATTEMPTS = 1000


class ReinforceSettings(SearcherSettings):
    """Options of plain REINFORCE; the defaults are those of NATS-Bench's baseline."""

    learning_rate: float = Field(0.01, gt=0, description="Step of Adam, taken at every finished trial.")
    baseline_decay: float = Field(0.9, ge=0, lt=1, description="Decay of the moving average that rewards are held to.")


@dataclass
class _Softmax:
    """The logits of one decision, with Adam's moments."""

    logits: list[float]
    first: list[float]
    second: list[float]
    steps: int = 0

    def probabilities(self) -> list[float]:
        top = max(self.logits)
        weights = [exp(x - top) for x in self.logits]
        total = sum(weights)
        return [w / total for w in weights]

    def climb(self, gradient: list[float], rate: float) -> None:
        """One step of Adam (arXiv:1412.6980) uphill."""
        self.steps += 1
        for i, g in enumerate(gradient):
            self.first[i] += (g - self.first[i]) * 0.1
            self.second[i] += (g * g - self.second[i]) * 0.001
            mean = self.first[i] / (1 - 0.9**self.steps)
            scale = sqrt(self.second[i] / (1 - 0.999**self.steps)) + 1e-8
            self.logits[i] += rate * mean / scale


class Reinforce(Searcher[ReinforceSettings]):
    """Samples each decision from its own softmax; every finished trial moves it by (reward - baseline) d log p."""

    name = "reinforce"
    settings_type = ReinforceSettings

    def __init__(self, space: SearchSpace, settings: ReinforceSettings, rng: Random):
        super().__init__(space, settings, rng)
        self._softmaxes: dict[tuple[str, int], _Softmax] = {}
        self._baseline: float | None = None
        self._open: dict[int, list[tuple[_Softmax, int]]] = {}

    def ask(self, trial: int) -> Candidate | None:
        """A sample of the policy."""
        for _ in range(ATTEMPTS):
            taken: list[tuple[_Softmax, int]] = []
            candidate = self.space.walk(lambda point, taken=taken: self._choose(point, taken))  # type: ignore[misc]
            if candidate is not None:
                self._open[trial] = taken
                return candidate
        return self.space.sample(self.rng)

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Learn from it as if it had been drawn."""
        taken: list[tuple[_Softmax, int]] = []

        def follow(point: Point) -> int:
            index = point.index(candidate.decisions[point.id]) or 0
            taken.append((self._softmax(point), index))
            return index

        self.space.walk(follow)
        self._open[trial] = taken

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """One step of policy gradient."""
        taken = self._open.pop(trial, [])
        reward = value_of(outcome)
        if reward is None:
            return
        decay = self.settings.baseline_decay
        self._baseline = reward if self._baseline is None else decay * self._baseline + (1 - decay) * reward
        advantage = reward - self._baseline
        for softmax, index in taken:
            gradient = [-advantage * p for p in softmax.probabilities()]
            gradient[index] += advantage
            softmax.climb(gradient, self.settings.learning_rate)

    def _choose(self, point: Point, taken: list[tuple[_Softmax, int]]) -> int:
        softmax = self._softmax(point)
        index = self.rng.choices(range(point.outcomes), softmax.probabilities())[0]
        taken.append((softmax, index))
        return index

    def _softmax(self, point: Point) -> _Softmax:
        size = point.outcomes
        softmax = self._softmaxes.get((point.id, size))
        if softmax is None:
            softmax = self._softmaxes[point.id, size] = _Softmax([0.0] * size, [0.0] * size, [0.0] * size)
        return softmax
