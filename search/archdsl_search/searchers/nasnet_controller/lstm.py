"""One layer of long short-term memory over sequences of tokens, with a softmax for each kind of decision.

Forward and gradient are written out in NumPy: a step for one candidate takes microseconds, the same bits come out in
every process, and importing it costs nothing. Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000), as
in `torch.nn.LSTM`; a test holds the gradients to torch's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Key = tuple[str, ...]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    found: Array = 0.5 * (1.0 + np.tanh(0.5 * x))
    return found


@dataclass
class Weights:
    """Everything that is learned, by name; weights of new decisions are drawn when they are first met.

    Attributes:
        values: `lstm/input` [H, 4H], `lstm/hidden` [H, 4H], `lstm/bias` [4H] (gates in the order input, forget, cell,
            output); `start` [H]; for a decision `head/...` [H, n], `bias/...` [n] and `embed/...` [n, H].
        draw: gives an array of a shape.
    """

    hidden: int
    draw: Callable[[tuple[int, ...]], Array]
    values: dict[str, Array]

    @classmethod
    def drawn(cls, hidden: int, draw: Callable[[tuple[int, ...]], Array]) -> Weights:
        """New weights."""
        shapes = {
            "lstm/input": (hidden, 4 * hidden),
            "lstm/hidden": (hidden, 4 * hidden),
            "lstm/bias": (4 * hidden,),
            "start": (hidden,),
        }
        return cls(hidden, draw, {name: draw(shape) for name, shape in shapes.items()})

    def meet(self, name: str, outcomes: int) -> None:
        """Make the softmax and the embeddings of a decision, unless they are there."""
        if f"head/{name}" not in self.values:
            self.values[f"head/{name}"] = self.draw((self.hidden, outcomes))
            self.values[f"bias/{name}"] = self.draw((outcomes,))
            self.values[f"embed/{name}"] = self.draw((outcomes, self.hidden))

    def step(self, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
        """One step for one sequence; all [H]."""
        v, n = self.values, self.hidden
        gates = x @ v["lstm/input"] + h @ v["lstm/hidden"] + v["lstm/bias"]
        squashed = sigmoid(gates)
        c = squashed[n : 2 * n] * c + squashed[:n] * np.tanh(gates[2 * n : 3 * n])
        return squashed[3 * n :] * np.tanh(c), c

    def logits(self, name: str, h: Array) -> Array:
        """What the softmax of a decision gets, [n]."""
        found: Array = h @ self.values[f"head/{name}"] + self.values[f"bias/{name}"]
        return found


@dataclass(frozen=True)
class Tape:
    """What a forward pass over a batch keeps for the gradient; lists by step, arrays [B, ...].

    Attributes:
        inputs, hiddens, cells: what the step read.
        gates: after their nonlinearities: input, forget, cell, output, [B, 4H].
        squashed: tanh of the new cell state.
    """

    inputs: list[Array]
    hiddens: list[Array]
    cells: list[Array]
    gates: list[Array]
    squashed: list[Array]


def unroll(weights: Weights, inputs: list[Array]) -> tuple[list[Array], Tape]:
    """The hidden states after every step, [T] of [B, H], and what the gradient needs."""
    v, n = weights.values, weights.hidden
    batch = len(inputs[0])
    h, c = np.zeros((batch, n)), np.zeros((batch, n))
    tape, outputs = Tape(inputs, [], [], [], []), []
    for x in inputs:
        raw = x @ v["lstm/input"] + h @ v["lstm/hidden"] + v["lstm/bias"]
        gates = sigmoid(raw)
        gates[:, 2 * n : 3 * n] = np.tanh(raw[:, 2 * n : 3 * n])
        tape.hiddens.append(h)
        tape.cells.append(c)
        c = gates[:, n : 2 * n] * c + gates[:, :n] * gates[:, 2 * n : 3 * n]
        squashed = np.tanh(c)
        h = gates[:, 3 * n :] * squashed
        tape.gates.append(gates)
        tape.squashed.append(squashed)
        outputs.append(h)
    return outputs, tape


def gradients(weights: Weights, tape: Tape, outer: list[Array]) -> tuple[dict[str, Array], list[Array]]:
    """Backpropagation through time.

    Args:
        outer: gradients of the hidden states, [T] of [B, H].

    Returns:
        Gradients of the LSTM's weights, and of the inputs, [T] of [B, H].
    """
    v, n = weights.values, weights.hidden
    found = {name: np.zeros_like(v[name]) for name in ("lstm/input", "lstm/hidden", "lstm/bias")}
    dh, dc = np.zeros_like(outer[0]), np.zeros_like(outer[0])
    inner: list[Array] = [dh] * len(outer)
    for t in reversed(range(len(outer))):
        gates, squashed = tape.gates[t], tape.squashed[t]
        i, f, g, o = (gates[:, k * n : (k + 1) * n] for k in range(4))
        dh = dh + outer[t]
        dc = dc + dh * o * (1 - squashed**2)
        raw = np.concatenate(
            [dc * g * i * (1 - i), dc * tape.cells[t] * f * (1 - f), dc * i * (1 - g**2), dh * squashed * o * (1 - o)],
            axis=1,
        )
        found["lstm/input"] += tape.inputs[t].T @ raw
        found["lstm/hidden"] += tape.hiddens[t].T @ raw
        found["lstm/bias"] += raw.sum(0)
        inner[t] = raw @ v["lstm/input"].T
        dh, dc = raw @ v["lstm/hidden"].T, dc * f
    return found, inner
