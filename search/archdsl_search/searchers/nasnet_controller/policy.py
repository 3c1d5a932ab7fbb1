"""The policy: a candidate is a sequence of decisions, each drawn from a softmax that has seen those before it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from archdsl_search.candidate import Decisions
from archdsl_search.searchers.nasnet_controller.adam import Adam
from archdsl_search.searchers.nasnet_controller.episodes import Batch, Episode, Gradient
from archdsl_search.searchers.nasnet_controller.lstm import halved, step
from archdsl_search.searchers.nasnet_controller.room import Room
from archdsl_search.searchers.nasnet_controller.weights import Array, Weights
from archdsl_search.space.search_space import Point

# States that are remembered until the weights move, some kilobytes each.
MOST_STATES = 5_000


class State:
    """Where a sequence of outcomes leads under the present weights.

    Attributes:
        h, c: of the LSTM before this decision's step, then after it.
        log_p, bounds: of the decision that is reached here, once it is known; `bounds` are running sums of what is in
            proportion to p.
        after: where its outcomes lead.
    """

    __slots__ = ("after", "bounds", "c", "h", "log_p", "name")

    def __init__(self, h: Array, c: Array):
        self.h, self.c = h, c
        self.name = ""
        self.log_p: list[float] = []
        self.bounds: list[float] = []
        self.after: dict[int, State] = {}


class Policy:
    """The vocabulary is what the space asks: a softmax and embeddings for each decision and number of outcomes.

    Between two updates the same beginnings lead to the same states, which are remembered: a policy that has made up its
    mind draws the same few sequences again and again.
    """

    def __init__(self, hidden: int, initial_range: float, rng: Random, dtype: npt.DTypeLike = np.float32):
        # Arrays are drawn by NumPy's generator, seeded from the searcher's own.
        numbers = np.random.Generator(np.random.PCG64(rng.getrandbits(64)))

        def draw(size: int) -> Array:
            found: Array = numbers.uniform(-initial_range, initial_range, size).astype(dtype)
            return found

        self.weights = Weights(hidden, draw)
        self._rng = rng
        self._zero: Array = np.zeros(hidden, dtype)
        self._hidden: Array | None = None
        self._room = Room()
        self._forget()

    def begin(self, follow: Decisions | None = None) -> Sampling:
        """Begin a candidate, drawn or following decisions."""
        return Sampling(self, self._rng, follow or {}, self._root)

    def batch(self, episodes: Sequence[Episode]) -> Batch:
        """Some episodes, to learn from before the next batch."""
        return Batch(self.weights, episodes, self._room)

    def move(self, optimizer: Adam, gradient: Gradient) -> None:
        """Change the weights."""
        optimizer.climb(self.weights.flat, gradient.flat, gradient.touched)
        self._forget()

    def decide(self, state: State, before: str, taken: int, point: Point) -> None:
        """Take the step to the decision that is reached in a state, unless it was taken earlier."""
        if state.name:
            return
        state.name = f"{point.id}#{point.outcomes}"
        self.weights.meet(state.name, point.outcomes)
        v = self.weights.values
        if self._hidden is None:
            self._hidden = halved(v["lstm/hidden"])
        state.h, state.c = step(self._hidden, self._input(before, taken), state.h, state.c)
        logits = (state.h @ v[f"head/{state.name}"] + v[f"bias/{state.name}"]).tolist()
        # A dozen numbers: Python is faster than calls of NumPy.
        top = max(logits)
        parts = [exp(logit - top) for logit in logits]
        total = log(sum(parts))
        state.log_p = [logit - top - total for logit in logits]
        state.bounds = list(accumulate(parts))

    def after(self, state: State, outcome: int) -> State:
        """The state that an outcome leads to."""
        found = state.after.get(outcome)
        if found is None:
            self._states += 1
            if self._states > MOST_STATES:
                self._forget()
            found = state.after[outcome] = State(state.h, state.c)
        return found

    def _input(self, before: str, taken: int) -> Array:
        """What the LSTM reads after an outcome of a decision, halved; at the start, `before` is empty. [4H]."""
        found = self._inputs.get(before)
        if found is None:
            v = self.weights.values
            token = v[f"embed/{before}"] if before else v["lstm/start"]
            found = self._inputs[before] = halved(token @ v["lstm/input"] + v["lstm/bias"])
        row: Array = found[taken]
        return row

    def _forget(self) -> None:
        self._hidden = None
        self._inputs: dict[str, npt.NDArray[Any]] = {}
        self._root = State(self._zero, self._zero)
        self._states = 0


class Sampling:
    """A candidate in the making: called at each decision."""

    def __init__(self, policy: Policy, rng: Random, follow: Decisions, root: State):
        self.episode = Episode()
        self._policy = policy
        self._rng = rng
        self._follow = follow
        self._state = root

    def __call__(self, point: Point) -> int:
        """Draw or follow an outcome."""
        episode, state = self.episode, self._state
        before, taken = (episode.names[-1], episode.outcomes[-1]) if episode.names else ("", 0)
        self._policy.decide(state, before, taken, point)
        outcome = self._outcome(point, state.bounds)
        episode.names.append(state.name)
        episode.outcomes.append(outcome)
        episode.log_probability += state.log_p[outcome]
        self._state = self._policy.after(state, outcome)
        return outcome

    def _outcome(self, point: Point, bounds: list[float]) -> int:
        if self._follow:
            return point.index(self._follow[point.id]) or 0
        return min(bisect_right(bounds, self._rng.random() * bounds[-1]), point.outcomes - 1)
