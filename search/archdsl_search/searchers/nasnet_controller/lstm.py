"""One layer of long short-term memory: a step, a batch of sequences, and the gradient of that.

Written out in NumPy: a step for one candidate takes microseconds, the same bits come out in every process, and
importing it costs nothing. Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000), as in `torch.nn.LSTM`;
a test holds the gradients to torch's. Inputs come in as x @ W_input + bias: there are fewer distinct ones than steps.

Gates stand in the order input, forget, output, cell, so that the three sigmoids lie side by side. As sigmoid(x) =
(1 + tanh(x / 2)) / 2, one tanh serves all four once what goes into those three is halved; `halved` does that to weights
and inputs, where it changes no bit of the sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archdsl_search.searchers.nasnet_controller.room import Room
from archdsl_search.searchers.nasnet_controller.weights import Array

# Steps that are taken at a time where arrays are gone through again and again: they stay in a core's cache.
BLOCK = 8


def halved(columns: Array) -> Array:
    """Weights or inputs of the gates, [..., 4H], as the functions here take them."""
    found: Array = columns.copy()
    found[..., : 3 * (found.shape[-1] // 4)] *= 0.5
    return found


def step(hidden_weights: Array, projected: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """The next hidden and cell state of one sequence, [H].

    Args:
        hidden_weights, projected: halved, [H, 4H] and [4H].
    """
    n = len(h)
    gates = h @ hidden_weights
    gates += projected
    _open(gates)
    c = gates[n : 2 * n] * c
    c += gates[:n] * gates[3 * n :]
    h = np.tanh(c)
    h *= gates[2 * n : 3 * n]
    return h, c


def _open(raw: Array) -> None:
    """The gates' nonlinearities, in place."""
    np.tanh(raw, raw)
    sigmoids = raw[..., : 3 * (raw.shape[-1] // 4)]
    sigmoids += 1.0
    sigmoids *= 0.5


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


def unroll(hidden_weights: Array, projected: Array, room: Room) -> Tape:
    """All steps of a batch.

    Args:
        hidden_weights: halved, [H, 4H].
        projected: the inputs, halved, [T, B, 4H]; taken over.
        room: where the tape is kept: until the next one.
    """
    steps, batch, n = len(projected), projected.shape[1], projected.shape[2] // 4
    # The first state and cell are zero, and stay so.
    states, cells = (room.take(name, (steps + 1, batch, n), projected) for name in ("states", "cells"))
    squashed = room.take("squashed", (steps, batch, n), projected)
    product, remembered = np.empty_like(projected[0]), np.empty_like(squashed[0])
    for t, raw in enumerate(projected):
        if t:
            np.dot(states[t], hidden_weights, product)
            raw += product
        _open(raw)
        after = cells[t + 1]
        np.multiply(raw[:, n : 2 * n], cells[t], after)
        np.multiply(raw[:, :n], raw[:, 3 * n :], remembered)
        after += remembered
        np.tanh(after, squashed[t])
        np.multiply(raw[:, 2 * n : 3 * n], squashed[t], states[t + 1])
    return Tape(states, cells, projected, squashed)


def gradients(hidden_weights: Array, tape: Tape, outer: Array, room: Room) -> tuple[Array, Array]:
    """Backpropagation through time.

    Args:
        hidden_weights: as they are, not halved, [H, 4H].
        outer: gradients of the hidden states after each step, [T, B, H].

    Returns:
        Gradients of the weights on the hidden state, [H, 4H], and of the projected inputs, not halved, [T, B, 4H].
    """
    steps, batch, n = outer.shape
    by_input = _slopes(tape, room)
    by_squashed = np.multiply(tape.squashed, tape.squashed, room.take("by_squashed", outer.shape, outer))
    np.subtract(1.0, by_squashed, by_squashed)
    by_squashed *= tape.gates[..., 2 * n : 3 * n]
    # In this order, as the product is twice as fast with it.
    forget, back = tape.gates[..., n : 2 * n], np.ascontiguousarray(hidden_weights.T)
    dh, dc, change = np.zeros((3, batch, n), outer.dtype)
    for t in reversed(range(steps)):
        raw = by_input[t]
        gates = raw.reshape(batch, 4, n)
        dh += outer[t]
        np.multiply(dh, by_squashed[t], change)
        dc += change
        gates[:, :2] *= dc[:, None]
        gates[:, 2] *= dh
        gates[:, 3] *= dc
        dc *= forget[t]
        np.dot(raw, back, dh)
    found = tape.hidden[:-1].reshape(-1, n).T @ by_input.reshape(-1, 4 * n)
    return found, by_input


def _slopes(tape: Tape, room: Room) -> Array:
    """Factors from the gradient of the cell state to those of the gates' inputs, from that of the hidden state for the
    output gate; [T, B, 4H]."""
    found = room.take("slopes", tape.gates.shape, tape.gates)
    for start in range(0, len(found), BLOCK):
        now = slice(start, start + BLOCK)
        _slope(found[now], tape.gates[now], tape.cells[:-1][now], tape.squashed[now])
    return found


def _slope(found: Array, gates: Array, cells: Array, squashed: Array) -> None:
    n = squashed.shape[-1]
    i, g = gates[..., :n], gates[..., 3 * n :]
    sigmoids, by_cell = found[..., : 3 * n], found[..., 3 * n :]
    np.subtract(1.0, gates[..., : 3 * n], sigmoids)
    sigmoids *= gates[..., : 3 * n]
    found[..., :n] *= g
    found[..., n : 2 * n] *= cells
    found[..., 2 * n : 3 * n] *= squashed
    np.multiply(g, g, by_cell)
    np.subtract(1.0, by_cell, by_cell)
    by_cell *= i
