"""A batch of episodes under a policy: their log probabilities and entropies, and the gradient of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from archdsl_search.searchers.nasnet_controller.lstm import gradients, unroll
from archdsl_search.searchers.nasnet_controller.weights import LSTM, Array, Weights

Numbers = npt.NDArray[np.intp]


@dataclass
class Episode:
    """One candidate as the policy made it: what was decided, which outcome, and with what probability."""

    names: list[str] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    log_probability: float = 0.0


@dataclass(frozen=True)
class _Group:
    """Episodes of a batch that decide the same thing at the same step.

    Attributes:
        step, name: when and what.
        rows: which episodes.
        taken: their outcomes, [len(rows)].
        chosen: the same as 0 and 1, [len(rows), outcomes].
    """

    step: int
    name: str
    rows: Numbers
    taken: Numbers
    chosen: Array


class Batch:
    """Some episodes, sorted out once: each `Forward` over them looks at the weights as they are then."""

    def __init__(self, weights: Weights, episodes: Sequence[Episode]):
        self.weights = weights
        self.size = len(episodes)
        self.steps = max(len(episode.names) for episode in episodes)
        self.groups = [group for t in range(self.steps) for group in self._at(t, episodes)]

    def _at(self, t: int, episodes: Sequence[Episode]) -> list[_Group]:
        members: dict[str, list[int]] = {}
        for row, episode in enumerate(episodes):
            if t < len(episode.names):
                members.setdefault(episode.names[t], []).append(row)
        found = []
        for name, rows in members.items():
            taken = np.array([episodes[row].outcomes[t] for row in rows], dtype=np.intp)
            bias = self.weights.values[f"bias/{name}"]
            found.append(_Group(t, name, np.array(rows), taken, np.eye(len(bias), dtype=bias.dtype)[taken]))
        return found


class Forward:
    """A batch under the present weights.

    Attributes:
        log_probabilities: of the episodes, [B].
        entropies: summed over the decisions of each episode, [B].
    """

    def __init__(self, batch: Batch):
        self._batch = batch
        self._v = batch.weights.values
        self._tape = unroll(self._v["lstm/hidden"], self._projected())
        self.log_probabilities = np.zeros(batch.size)
        self.entropies = np.zeros(batch.size)
        self._log_p = [self._decided(group) for group in batch.groups]

    def _projected(self) -> Array:
        """What the LSTM reads, [T, B, 4H]: the start, then the embedding of the decision before."""
        v, batch = self._v, self._batch
        bias = v["lstm/bias"]
        found = np.empty((batch.steps, batch.size, len(bias)), bias.dtype)
        found[...] = bias
        found[0] += v["lstm/start"] @ v["lstm/input"]
        known: dict[str, Array] = {}
        for group in batch.groups:
            if group.step + 1 < batch.steps:
                if group.name not in known:
                    known[group.name] = v[f"embed/{group.name}"] @ v["lstm/input"]
                found[group.step + 1, group.rows] += known[group.name][group.taken]
        return found

    def _decided(self, group: _Group) -> Array:
        """The softmaxes of a group, as logarithms."""
        h = self._tape.hidden[group.step + 1][group.rows]
        log_p = log_softmax(h @ self._v[f"head/{group.name}"] + self._v[f"bias/{group.name}"])
        self.log_probabilities[group.rows] += log_p[np.arange(len(group.taken)), group.taken]
        self.entropies[group.rows] -= (np.exp(log_p) * log_p).sum(1)
        return log_p

    def gradient(self, by_log_probability: Array, by_entropy: Array) -> dict[str, Array]:
        """The gradient of sum_b (by_log_probability[b] log p_b + by_entropy[b] H_b), both [B]; by block of weights."""
        batch, weights = self._batch, self._batch.weights
        found = {group.name: weights.zeros(group.name) for group in batch.groups}
        by_log_p = by_log_probability.astype(self._tape.hidden.dtype)
        by_h = by_entropy.astype(self._tape.hidden.dtype)
        outer = np.zeros_like(self._tape.squashed)
        for group, log_p in zip(batch.groups, self._log_p, strict=True):
            p = np.exp(log_p)
            entropy = -(p * log_p).sum(1, keepdims=True)
            d = by_log_p[group.rows, None] * (group.chosen - p) - by_h[group.rows, None] * p * (log_p + entropy)
            parts = found[group.name][1]
            parts[f"head/{group.name}"] += self._tape.hidden[group.step + 1][group.rows].T @ d
            parts[f"bias/{group.name}"] += d.sum(0)
            outer[group.step, group.rows] += d @ self._v[f"head/{group.name}"].T
        blocks = {name: flat for name, (flat, _) in found.items()}
        blocks[LSTM] = self._inside(outer, {name: parts for name, (_, parts) in found.items()})
        return blocks

    def _inside(self, outer: Array, parts: dict[str, dict[str, Array]]) -> Array:
        """The gradient of the LSTM's own weights; that of the embeddings is added to `parts`."""
        v, batch = self._v, self._batch
        flat, own = batch.weights.zeros(LSTM)
        own["lstm/hidden"][...], projected = gradients(v["lstm/hidden"], self._tape, outer)
        own["lstm/bias"][...] = projected.sum((0, 1))
        by_token = {"lstm/start": projected[0].sum(0, keepdims=True)}
        for group in batch.groups:
            if group.step + 1 < batch.steps:
                token = f"embed/{group.name}"
                found = group.chosen.T @ projected[group.step + 1][group.rows]
                by_token[token] = by_token[token] + found if token in by_token else found
        names = list(by_token)
        together = np.concatenate([by_token[name] for name in names])
        own["lstm/input"][...] = np.concatenate([v[name] for name in names]).T @ together
        inner = together @ v["lstm/input"].T
        start = 0
        for name in names:
            place = own[name] if name in own else parts[name.removeprefix("embed/")][name]
            place += inner[start : start + len(place)]
            start += len(place)
        return flat


def log_softmax(logits: Array) -> Array:
    """Logarithms of the probabilities, along the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found
