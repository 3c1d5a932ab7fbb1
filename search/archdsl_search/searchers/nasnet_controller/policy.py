"""The policy: a candidate is a sequence of decisions, each drawn from a softmax that has seen those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import numpy.typing as npt

from archdsl_search.candidate import Decisions
from archdsl_search.searchers.nasnet_controller.lstm import Array, Tape, Weights, gradients, unroll
from archdsl_search.space.search_space import Point


@dataclass
class Episode:
    """One candidate as the policy made it: what was decided, which outcome, and with what probability."""

    names: list[str] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    log_probability: float = 0.0


class Policy:
    """The vocabulary is what the space asks: a softmax and embeddings for each decision and number of outcomes."""

    def __init__(self, hidden: int, initial_range: float, rng: Random):
        # Arrays are drawn by NumPy's generator, seeded from the searcher's own.
        numbers = np.random.Generator(np.random.PCG64(rng.getrandbits(64)))
        self.weights = Weights.drawn(hidden, lambda shape: numbers.uniform(-initial_range, initial_range, shape))
        self._rng = rng

    def begin(self, follow: Decisions | None = None) -> Sampling:
        """Begin a candidate, drawn or following decisions."""
        return Sampling(self.weights, self._rng, follow or {})

    def forward(self, episodes: Sequence[Episode]) -> Forward:
        """All decisions of some episodes under the present weights."""
        return Forward(self.weights, episodes)


class Sampling:
    """A candidate in the making: called at each decision."""

    def __init__(self, weights: Weights, rng: Random, follow: Decisions):
        self._follow = follow
        self.episode = Episode()
        self._weights = weights
        self._rng = rng
        self._input = weights.values["start"]
        self._h = self._c = np.zeros(weights.hidden)

    def __call__(self, point: Point) -> int:
        """Draw or follow an outcome."""
        name = f"{point.id}#{point.outcomes}"
        self._weights.meet(name, point.outcomes)
        self._h, self._c = self._weights.step(self._input, self._h, self._c)
        log_p = log_softmax(self._weights.logits(name, self._h))
        outcome = self._outcome(point, log_p)
        self.episode.names.append(name)
        self.episode.outcomes.append(outcome)
        self.episode.log_probability += float(log_p[outcome])
        self._input = self._weights.values[f"embed/{name}"][outcome]
        return outcome

    def _outcome(self, point: Point, log_p: Array) -> int:
        if self._follow:
            return point.index(self._follow[point.id]) or 0
        bounds = np.cumsum(np.exp(log_p))
        return min(int(np.searchsorted(bounds, self._rng.random() * bounds[-1], "right")), point.outcomes - 1)


class Forward:
    """A batch of episodes under the present weights: log probabilities, entropies, and the gradient of both.

    Attributes:
        log_probabilities: of the episodes, [B].
        entropies: summed over the decisions of each episode, [B].
    """

    def __init__(self, weights: Weights, episodes: Sequence[Episode]):
        self._weights = weights
        self._episodes = episodes
        self._steps = max(len(episode.names) for episode in episodes)
        self._outputs, self._tape = self._unrolled()
        self.log_probabilities = np.zeros(len(episodes))
        self.entropies = np.zeros(len(episodes))
        self._heads: list[tuple[int, str, npt.NDArray[np.intp], npt.NDArray[np.intp], Array]] = []
        for t in range(self._steps):
            self._decide(t)

    def _unrolled(self) -> tuple[list[Array], Tape]:
        values, n = self._weights.values, self._weights.hidden
        inputs = []
        for t in range(self._steps):
            x = np.zeros((len(self._episodes), n))
            for row, episode in zip(x, self._episodes, strict=True):
                if t == 0:
                    row[:] = values["start"]
                elif t < len(episode.names):
                    row[:] = values[f"embed/{episode.names[t - 1]}"][episode.outcomes[t - 1]]
            inputs.append(x)
        return unroll(self._weights, inputs)

    def _decide(self, t: int) -> None:
        """The softmaxes of step t; episodes that decide the same thing are computed together."""
        groups: dict[str, list[int]] = {}
        for row, episode in enumerate(self._episodes):
            if t < len(episode.names):
                groups.setdefault(episode.names[t], []).append(row)
        for name, members in groups.items():
            rows = np.array(members, dtype=np.intp)
            taken = np.array([self._episodes[row].outcomes[t] for row in members], dtype=np.intp)
            log_p = log_softmax(self._weights.logits(name, self._outputs[t][rows]))
            self._heads.append((t, name, rows, taken, log_p))
            self.log_probabilities[rows] += log_p[np.arange(len(rows)), taken]
            self.entropies[rows] -= (np.exp(log_p) * log_p).sum(1)

    def gradient(self, by_log_probability: Array, by_entropy: Array) -> dict[str, Array]:
        """The gradient of sum_b (by_log_probability[b] log p_b + by_entropy[b] H_b), both [B]."""
        found: dict[str, Array] = {}
        outer = [np.zeros_like(h) for h in self._outputs]
        for t, name, rows, taken, log_p in self._heads:
            p = np.exp(log_p)
            entropy = -(p * log_p).sum(1, keepdims=True)
            d = -by_log_probability[rows, None] * p - by_entropy[rows, None] * p * (log_p + entropy)
            d[np.arange(len(rows)), taken] += by_log_probability[rows]
            _add(found, f"head/{name}", self._outputs[t][rows].T @ d)
            _add(found, f"bias/{name}", d.sum(0))
            outer[t][rows] += d @ self._weights.values[f"head/{name}"].T
        inside, inner = gradients(self._weights, self._tape, outer)
        found.update(inside)
        self._embeddings(found, inner)
        return found

    def _embeddings(self, found: dict[str, Array], inner: list[Array]) -> None:
        found["start"] = inner[0].sum(0)
        for t in range(1, self._steps):
            for row, episode in enumerate(self._episodes):
                if t < len(episode.names):
                    name = f"embed/{episode.names[t - 1]}"
                    if name not in found:
                        found[name] = np.zeros_like(self._weights.values[name])
                    found[name][episode.outcomes[t - 1]] += inner[t][row]


def log_softmax(logits: Array) -> Array:
    """Logarithms of the probabilities, along the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found


def _add(found: dict[str, Array], name: str, gradient: Array) -> None:
    found[name] = found[name] + gradient if name in found else gradient
