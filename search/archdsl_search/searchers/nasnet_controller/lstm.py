"""One layer of long short-term memory: a step, a batch of sequences, and the gradient of that.

Written out in NumPy: a step for one candidate takes microseconds, the same bits come out in every process, and
importing it costs nothing. Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000), as in `torch.nn.LSTM`;
a test holds the gradients to torch's. Inputs come in as x @ W_input + bias: there are fewer distinct ones than steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archdsl_search.searchers.nasnet_controller.weights import Array


def step(hidden_weights: Array, projected: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """The next hidden and cell state of one sequence or a batch; [..., H], `projected` [..., 4H]."""
    n = h.shape[-1]
    gates = _gates(projected + h @ hidden_weights)
    c = gates[..., n : 2 * n] * c + gates[..., :n] * gates[..., 2 * n : 3 * n]
    return gates[..., 3 * n :] * np.tanh(c), c


def _gates(raw: Array) -> Array:
    """Input, forget, cell and output gate of their sums: sigmoid(x) = (1 + tanh(x / 2)) / 2, and tanh of the cell's."""
    n = raw.shape[-1] // 4
    cell = raw[..., 2 * n : 3 * n].copy()
    raw *= 0.5
    raw[..., 2 * n : 3 * n] = cell
    np.tanh(raw, raw)
    cell[...] = raw[..., 2 * n : 3 * n]
    raw += 1.0
    raw *= 0.5
    raw[..., 2 * n : 3 * n] = cell
    return raw


@dataclass(frozen=True)
class Tape:
    """What a forward pass over a batch keeps for the gradient; arrays by step.

    Attributes:
        hidden, cells: before the first step and after each one, [T + 1, B, H].
        gates: after their nonlinearities, [T, B, 4H].
        squashed: tanh of the new cell state, [T, B, H].
    """

    hidden: Array
    cells: Array
    gates: Array
    squashed: Array


def unroll(hidden_weights: Array, projected: Array) -> Tape:
    """All steps from inputs that are projected, [T, B, 4H]; takes the array for its own."""
    steps, batch, n = len(projected), projected.shape[1], projected.shape[2] // 4
    states, cells = (np.zeros((steps + 1, batch, n), projected.dtype) for _ in range(2))
    squashed = np.empty((steps, batch, n), projected.dtype)
    for t, raw in enumerate(projected):
        if t:
            raw += states[t] @ hidden_weights
        gates = _gates(raw)
        np.multiply(gates[:, n : 2 * n], cells[t], cells[t + 1])
        cells[t + 1] += gates[:, :n] * gates[:, 2 * n : 3 * n]
        np.tanh(cells[t + 1], squashed[t])
        np.multiply(gates[:, 3 * n :], squashed[t], states[t + 1])
    return Tape(states, cells, projected, squashed)


def gradients(hidden_weights: Array, tape: Tape, outer: Array) -> tuple[Array, Array]:
    """Backpropagation through time.

    Args:
        outer: gradients of the hidden states after each step, [T, B, H].

    Returns:
        Gradients of the weights on the hidden state, [H, 4H], and of the projected inputs, [T, B, 4H].
    """
    steps, batch, n = outer.shape
    by_input = np.empty((steps, batch, 4 * n), outer.dtype)
    dh, dc = np.zeros((2, batch, n), outer.dtype)
    for t in reversed(range(steps)):
        i, f, g, o = (tape.gates[t, :, k * n : (k + 1) * n] for k in range(4))
        squashed, raw = tape.squashed[t], by_input[t]
        dh += outer[t]
        dc += dh * o * (1 - squashed * squashed)
        np.multiply(dc * g, i * (1 - i), raw[:, :n])
        np.multiply(dc * tape.cells[t], f * (1 - f), raw[:, n : 2 * n])
        np.multiply(dc * i, 1 - g * g, raw[:, 2 * n : 3 * n])
        np.multiply(dh * squashed, o * (1 - o), raw[:, 3 * n :])
        dc *= f
        dh = raw @ hidden_weights.T
    found = tape.hidden[:-1].reshape(-1, n).T @ by_input.reshape(-1, 4 * n)
    return found, by_input
