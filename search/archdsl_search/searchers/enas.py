"""ENAS (arXiv:1802.03268): a controller and the weights that all candidates share are trained in turn.

The controller is NASNet's LSTM, moved by REINFORCE with a moving average as baseline. Each trial trains the shared
weights on one of its candidates and rewards that one. When the search is over, candidates are sampled from the policy
and judged with the shared weights, and the best of them are trained by themselves (section 2.3).
"""

from __future__ import annotations

from random import Random

import numpy as np
from pydantic import Field

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.schedule import Schedule, Stage
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.nasnet_controller.adam import Adam
from archdsl_search.searchers.nasnet_controller.episodes import Episode, Forward
from archdsl_search.searchers.nasnet_controller.policy import Policy
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.searchers.one_thread import one_thread
from archdsl_search.searchers.values import value_of
from archdsl_search.space.search_space import SearchSpace

ATTEMPTS = 100


class EnasSettings(SearcherSettings):
    """Constants of the controller; where they are the paper's (appendix), the learning rate is 0.00035."""

    hidden: int = Field(100, ge=1, description="Units of the LSTM, and size of the embeddings.")
    learning_rate: float = Field(0.0035, gt=0, description="Step of Adam. The paper's is a tenth, for many more steps.")
    entropy: float = Field(1e-4, ge=0, description="Weight of the entropy bonus.")
    baseline_decay: float = Field(0.95, ge=0, lt=1, description="Decay of the moving average of rewards.")
    batch: int = Field(10, ge=1, description="Rewards for each update.")
    initial_range: float = Field(0.1, gt=0, description="Weights are drawn from U(-r, r).")


class Enas(Searcher[EnasSettings]):
    """Goes with the evaluator `shared_weights`, whose schedule says how many trials there are of each kind.

    Attributes:
        schedule: set by whoever makes the searcher, before the first trial.
    """

    name = "enas"
    settings_type = EnasSettings

    def __init__(self, space: SearchSpace, settings: EnasSettings, rng: Random):
        super().__init__(space, settings, rng)
        self.schedule = Schedule()
        self._policy = Policy(settings.hidden, settings.initial_range, rng)
        self._adam = Adam(settings.learning_rate)
        self._open: dict[int, Episode] = {}
        self._batch: list[tuple[Episode, float]] = []
        self._baseline: float | None = None
        self._derived: list[tuple[float, int, Candidate]] = []
        self._novelty = Novelty(space)

    def ask(self, trial: int) -> Candidate | None:
        """A candidate for the stage that the trial belongs to."""
        stage = self.schedule.stage(trial)
        if stage is Stage.TRAINING:
            return self._best(trial)
        if trial < self.schedule.warmup:
            return self.space.sample(self.rng)
        with one_thread():
            for _ in range(ATTEMPTS):
                sampling = self._policy.begin()
                candidate = self.space.walk(sampling)
                if candidate is None or (stage is Stage.DERIVING and candidate in self._novelty):
                    continue
                if stage is Stage.DERIVING:
                    self._novelty.add(candidate)
                else:
                    self._open[trial] = sampling.episode
                return candidate
        return self.space.sample(self.rng) if stage is Stage.SHARING else self._novelty.sample(self.rng)

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Learn from a reward, or note how good a derived candidate is."""
        episode, value = self._open.pop(trial, None), value_of(outcome)
        if value is None:
            return
        if self.schedule.stage(trial) is Stage.DERIVING:
            self._derived.append((-value, trial, candidate))
        elif episode is not None and episode.names:
            self._batch.append((episode, value))
            if len(self._batch) >= self.settings.batch:
                with one_thread():
                    self._learn()

    def _best(self, trial: int) -> Candidate | None:
        """The next best of those derived, while some are to be trained."""
        place = trial - self.schedule.sharing - self.schedule.derive
        if place >= self.schedule.train:
            return None
        best = sorted(self._derived, key=lambda found: found[:2])
        return best[place][2] if place < len(best) else None

    def _learn(self) -> None:
        """One step of REINFORCE: the mean of (reward - baseline) d log p + entropy."""
        batch, self._batch = self._batch, []
        decay, advantages = self.settings.baseline_decay, []
        for _, reward in batch:
            before = reward if self._baseline is None else self._baseline
            self._baseline = decay * before + (1 - decay) * reward
            advantages.append(reward - before)
        forward = Forward(self._policy.batch([episode for episode, _ in batch]))
        each = np.full(len(batch), self.settings.entropy / len(batch))
        self._policy.move(self._adam, forward.gradient(np.array(advantages) / len(batch), each))
