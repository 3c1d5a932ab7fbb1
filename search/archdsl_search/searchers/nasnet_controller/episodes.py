"""A batch of episodes under a policy: their log probabilities and entropies, and the gradient of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from archdsl_search.searchers.nasnet_controller.lstm import gradients, halved, unroll
from archdsl_search.searchers.nasnet_controller.room import Room
from archdsl_search.searchers.nasnet_controller.weights import LSTM, Array, Weights

# The logit of an outcome that a decision does not have.
_NEVER = -1e30


@dataclass
class Episode:
    """One candidate as the policy made it: what was decided, which outcome, and with what probability."""

    names: list[str] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    log_probability: float = 0.0


@dataclass(frozen=True)
class Gradient:
    """A gradient of the weights.

    Attributes:
        flat: like `Weights.flat`.
        parts: views of it by name.
        touched: the parts of it that were learned about.
    """

    flat: Array
    parts: dict[str, Array]
    touched: list[slice]


class Batch:
    """Some episodes, sorted out once: each `Forward` over them looks at the weights as they are then, and is good until
    the next.

    Each distinct decision takes a row of arrays [K, M, ...]: M for the episodes that reach it, filled up with places
    that count nothing; N is the largest number of outcomes. Outcomes are tokens, numbered through; the first of them is
    the start.

    Attributes:
        room: for arrays that are used again.
        size, steps: B and T.
        names: of the decisions, [K].
        rows: the episode of each place, [K, M].
        states: the place of its state in [T + 1, B], [K, M]; the first one, which is zero, where nothing counts.
        counts: 1 where something counts, [K, M].
        taken: outcomes, [K, M]; `chosen` the same as 0 and 1, [K, M, N].
        used: the tokens that are read, [S]; `read` which of them is read at each step, [T, B].
        readers: 1 for each step that reads a token, [S, T * B].
    """

    def __init__(self, weights: Weights, episodes: Sequence[Episode], room: Room):
        self.weights, self.room = weights, room
        self.size = len(episodes)
        self.steps = max(len(episode.names) for episode in episodes)
        met: dict[str, list[tuple[int, int, int]]] = {}
        for row, episode in enumerate(episodes):
            for t, (name, outcome) in enumerate(zip(episode.names, episode.outcomes, strict=True)):
                met.setdefault(name, []).append((t, row, outcome))
        self.names = list(met)
        self.outcomes = [len(weights.values[f"bias/{name}"]) for name in self.names]
        shape = len(met), max(map(len, met.values()))
        dtype = weights.flat.dtype
        self.rows, self.states, self.taken = (np.zeros(shape, dtype=np.intp) for _ in range(3))
        self.counts = np.zeros(shape, dtype)
        first = 1 + np.cumsum([0, *self.outcomes])
        tokens = np.zeros((self.steps, self.size), dtype=np.intp)
        for k, places in enumerate(met.values()):
            steps, rows, taken = np.array(places, dtype=np.intp).T
            own = slice(len(places))
            self.rows[k, own], self.taken[k, own], self.counts[k, own] = rows, taken, 1
            self.states[k, own] = (steps + 1) * self.size + rows
            on = steps + 1 < self.steps
            tokens[steps[on] + 1, rows[on]] = first[k] + taken[on]
        self.chosen = np.eye(max(self.outcomes), dtype=dtype)[self.taken]
        self.used, read = np.unique(tokens, return_inverse=True)
        self.read = read.reshape(tokens.shape)
        ones = np.ones(self.read.size, dtype)
        self.readers = csr_array((ones, (self.read.ravel(), np.arange(self.read.size))))
        self._first = first
        self._gradient: Gradient | None = None

    def tokens(self) -> Array:
        """What is read: the start and embeddings, [S, H]."""
        v = self.weights.values
        every = np.concatenate([v["lstm/start"], *[v[f"embed/{name}"] for name in self.names]])
        found: Array = every[self.used]
        return found

    def heads(self) -> tuple[Array, Array]:
        """Weights and biases of the softmaxes, [K, H, N] and [K, 1, N]."""
        v, most = self.weights.values, max(self.outcomes)
        heads = np.zeros((len(self.names), self.weights.hidden, most), self.counts.dtype)
        biases = np.full((len(self.names), 1, most), _NEVER, self.counts.dtype)
        for k, (name, n) in enumerate(zip(self.names, self.outcomes, strict=True)):
            heads[k, :, :n] = v[f"head/{name}"]
            biases[k, 0, :n] = v[f"bias/{name}"]
        return heads, biases

    def gradient(self) -> Gradient:
        """Room for a gradient, all zero; the same at each call."""
        if self._gradient is None:
            places = self.weights.places
            flat = self.room.take("gradient", self.weights.flat.shape, self.weights.flat)
            touched = [places[name] for name in (LSTM, *self.names)]
            self._gradient = Gradient(flat, self.weights.parts(flat), touched)
        self._gradient.flat[...] = 0
        return self._gradient

    def spread(self, by_token: Array, parts: dict[str, Array]) -> None:
        """Add the gradient of what is read, [S, H], to those of the start and the embeddings."""
        every = np.zeros((self._first[-1], by_token.shape[1]), by_token.dtype)
        every[self.used] = by_token
        parts["lstm/start"][...] = every[:1]
        for name, start, n in zip(self.names, self._first, self.outcomes, strict=False):
            parts[f"embed/{name}"][...] = every[start : start + n]


class Forward:
    """A batch under the present weights.

    Attributes:
        log_probabilities: of the episodes, [B].
        entropies: summed over the decisions of each episode, [B].
    """

    def __init__(self, batch: Batch):
        self._batch = batch
        self._v = batch.weights.values
        self._tokens = batch.tokens()
        projected = self._tokens @ self._v["lstm/input"]
        projected += self._v["lstm/bias"]
        inputs = batch.room.take("inputs", (*batch.read.shape, projected.shape[1]), projected)
        np.take(halved(projected), batch.read, 0, inputs, "clip")
        self._tape = unroll(halved(self._v["lstm/hidden"]), inputs, batch.room)
        self._heads, biases = batch.heads()
        states = self._tape.hidden.reshape(-1, batch.weights.hidden)
        self._states = batch.room.take("decided", (*batch.states.shape, states.shape[1]), states)
        np.take(states, batch.states, 0, self._states, "clip")
        self._log_p = log_softmax(self._states @ self._heads + biases)
        self._p = np.exp(self._log_p)
        self._entropies = -(self._p * self._log_p).sum(-1)
        taken = np.take_along_axis(self._log_p, batch.taken[..., None], -1)[..., 0]
        self.log_probabilities = self._by_episode(taken)
        self.entropies = self._by_episode(self._entropies)

    def _by_episode(self, found: Array) -> Array:
        batch = self._batch
        each: Array = np.bincount(batch.rows.ravel(), (found * batch.counts).ravel(), batch.size)
        return each

    def gradient(self, by_log_probability: Array, by_entropy: Array) -> Gradient:
        """The gradient of sum_b (by_log_probability[b] log p_b + by_entropy[b] H_b), both [B]; good until the next."""
        batch, found = self._batch, self._batch.gradient()
        by_log_p = (by_log_probability[batch.rows] * batch.counts).astype(self._p.dtype)[..., None]
        by_h = (by_entropy[batch.rows] * batch.counts).astype(self._p.dtype)[..., None]
        d = by_log_p * (batch.chosen - self._p) - by_h * self._p * (self._log_p + self._entropies[..., None])
        by_head, by_bias = self._states.transpose(0, 2, 1) @ d, d.sum(1)
        for k, (name, n) in enumerate(zip(batch.names, batch.outcomes, strict=True)):
            found.parts[f"head/{name}"][...] = by_head[k, :, :n]
            found.parts[f"bias/{name}"][...] = by_bias[k, :n]
        outer = batch.room.take("outer", self._tape.hidden.shape, self._tape.hidden)
        outer[...] = 0
        outer.reshape(-1, outer.shape[-1])[batch.states] = d @ self._heads.transpose(0, 2, 1)
        self._inside(outer[1:], found.parts)
        return found

    def _inside(self, outer: Array, parts: dict[str, Array]) -> None:
        """The gradient of the LSTM's own weights, and of what it reads."""
        parts["lstm/hidden"][...], by_input = gradients(self._v["lstm/hidden"], self._tape, outer, self._batch.room)
        by_token = self._batch.readers @ by_input.reshape(-1, by_input.shape[-1])
        parts["lstm/bias"][...] = by_token.sum(0)
        parts["lstm/input"][...] = self._tokens.T @ by_token
        self._batch.spread(by_token @ self._v["lstm/input"].T, parts)


def log_softmax(logits: Array) -> Array:
    """Logarithms of the probabilities, along the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found
