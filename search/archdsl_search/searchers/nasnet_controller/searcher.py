"""The NASNet controller (arXiv:1707.07012, section 3.1 and appendix A; PPO: arXiv:1707.06347, equation 7)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from random import Random

import numpy as np

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher
from archdsl_search.searchers.nasnet_controller.adam import Adam
from archdsl_search.searchers.nasnet_controller.episodes import Episode, Forward
from archdsl_search.searchers.nasnet_controller.policy import Policy
from archdsl_search.searchers.nasnet_controller.settings import ControllerSettings
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.searchers.one_thread import one_thread
from archdsl_search.searchers.values import value_of
from archdsl_search.space.search_space import SearchSpace

# Samples drawn for one proposal while they are outside the space or known.
ATTEMPTS = 100
# Told values that ranks are taken among.
WINDOW = 1000


class NasnetController(Searcher[ControllerSettings]):
    """A recurrent policy samples architectures, and learns from every `batch` of finished ones.

    Asynchronous: an architecture joins the batch when it is told, with the probability that it was drawn with; PPO's
    ratio accounts for updates in between. What did not finish joins no batch.
    """

    name = "nasnet_controller"
    settings_type = ControllerSettings

    def __init__(self, space: SearchSpace, settings: ControllerSettings, rng: Random):
        super().__init__(space, settings, rng)
        self._policy = Policy(settings.hidden, settings.initial_range, rng)
        self._adam = Adam(settings.learning_rate)
        self._novelty = Novelty(space)
        self._open: dict[int, Episode] = {}
        self._batch: list[tuple[Episode, float]] = []
        self._values: dict[str, float] = {}
        self._window: deque[float] = deque()
        self._ranked: list[float] = []
        self._baseline: float | None = None

    def ask(self, trial: int) -> Candidate | None:
        """A sample of the policy."""
        with one_thread():
            for _ in range(ATTEMPTS):
                sampling = self._policy.begin()
                candidate = self.space.walk(sampling)
                if candidate is not None and self._wanted(candidate, sampling.episode):
                    self._novelty.add(candidate)
                    self._open[trial] = sampling.episode
                    return candidate
        # The policy gives nothing that is new: it has converged, or the space is nearly exhausted.
        return self.space.sample(self.rng) if self.settings.known == "propose" else self._novelty.sample(self.rng)

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Learn from it as if it had been drawn, with the probability that the policy gives it now."""
        sampling = self._policy.begin(candidate.decisions)
        with one_thread():
            self.space.walk(sampling)
        self._novelty.add(candidate)
        self._open[trial] = sampling.episode

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Take a finished trial into the batch, and learn when the batch is full."""
        episode = self._open.pop(trial, None)
        value = value_of(outcome)
        if value is None:
            return
        if self.settings.known == "learn":
            self._values[candidate.identity] = value
        self._rank(value)
        if episode is not None and episode.names:
            with one_thread():
                self._take(episode, value)

    def _wanted(self, candidate: Candidate, episode: Episode) -> bool:
        """Whether to propose a sample. With `learn`, what is known goes to the batch as if it were told again."""
        if self.settings.known == "propose" or candidate not in self._novelty:
            return True
        value = self._values.get(candidate.identity)
        if value is not None and episode.names:
            self._take(episode, value)
        return False

    def _rank(self, value: float) -> None:
        """Remember a told value among the latest."""
        insort(self._ranked, value)
        self._window.append(value)
        if len(self._window) > WINDOW:
            del self._ranked[bisect_left(self._ranked, self._window.popleft())]

    def _take(self, episode: Episode, value: float) -> None:
        self._batch.append((episode, value))
        if len(self._batch) >= self.settings.batch:
            batch, self._batch = self._batch, []
            self._learn([episode for episode, _ in batch], [self._reward(value) for _, value in batch])

    def _reward(self, value: float) -> float:
        if self.settings.reward == "value":
            return value
        return float((bisect_left(self._ranked, value) / max(1, len(self._ranked) - 1)) ** 4)

    def _learn(self, episodes: list[Episode], rewards: list[float]) -> None:
        """Steps of PPO on one batch: mean of min(r A, clip(r) A) + entropy, r = p / p_old."""
        advantages = np.array([self._advantage(reward) for reward in rewards])
        old = np.array([episode.log_probability for episode in episodes])
        each = np.full(len(episodes), self.settings.entropy / len(episodes))
        batch = self._policy.batch(episodes)
        for _ in range(self.settings.epochs):
            forward = Forward(batch)
            # A ratio beyond e^20 is clipped or has no gradient; the bound keeps it finite.
            ratio = np.exp(np.clip(forward.log_probabilities - old, -20, 20))
            inside = np.where(advantages > 0, ratio < 1 + self.settings.clip, ratio > 1 - self.settings.clip)
            gradient = forward.gradient(np.where(inside, ratio * advantages, 0.0) / len(episodes), each)
            self._policy.move(self._adam, gradient)

    def _advantage(self, reward: float) -> float:
        """The reward over the moving average of those before it."""
        decay = self.settings.baseline_decay
        before = reward if self._baseline is None else self._baseline
        self._baseline = decay * before + (1 - decay) * reward
        return reward - before
