"""What the controller has learned: the LSTM's weights, and a softmax and embeddings for each decision it has met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Draw = Callable[[int], Array]
LSTM = "lstm"


class Weights:
    """Weights by block: `lstm`, and one for each decision, drawn when it is first met.

    A block is one flat array, so that the optimizer takes few steps; `values` are its parts.

    Attributes:
        hidden: H, units of the LSTM and size of the embeddings.
        blocks: flat arrays, changed in place.
        values: views of them by name: `lstm/input` [H, 4H], `lstm/hidden` [H, 4H], `lstm/bias` [4H] (gates in the order
            input, forget, cell, output); `lstm/start` [1, H]; for a decision `head/...` [H, n], `bias/...` [n] and
            `embed/...` [n, H].
    """

    def __init__(self, hidden: int, draw: Draw):
        self.hidden = hidden
        self.blocks: dict[str, Array] = {}
        self.values: dict[str, Array] = {}
        self._draw = draw
        self._shapes: dict[str, dict[str, tuple[int, ...]]] = {}
        lstm = {"input": (hidden, 4 * hidden), "hidden": (hidden, 4 * hidden), "bias": (4 * hidden,)}
        self._add(LSTM, {**{f"lstm/{name}": shape for name, shape in lstm.items()}, "lstm/start": (1, hidden)})

    def meet(self, name: str, outcomes: int) -> None:
        """Make the softmax and the embeddings of a decision, unless they are there."""
        if name not in self.blocks:
            n, h = outcomes, self.hidden
            self._add(name, {f"head/{name}": (h, n), f"bias/{name}": (n,), f"embed/{name}": (n, h)})

    def zeros(self, block: str) -> tuple[Array, dict[str, Array]]:
        """A flat array of zeros like a block, and its parts."""
        flat = np.zeros_like(self.blocks[block])
        return flat, _parts(flat, self._shapes[block])

    def named(self, blocks: Mapping[str, Array]) -> dict[str, Array]:
        """The parts of flat arrays that are like blocks."""
        return {
            name: part for block, flat in blocks.items() for name, part in _parts(flat, self._shapes[block]).items()
        }

    def _add(self, block: str, shapes: dict[str, tuple[int, ...]]) -> None:
        self._shapes[block] = shapes
        self.blocks[block] = self._draw(sum(map(prod, shapes.values())))
        self.values.update(_parts(self.blocks[block], shapes))


def _parts(flat: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    found, start = {}, 0
    for name, shape in shapes.items():
        found[name] = flat[start : start + prod(shape)].reshape(shape)
        start += prod(shape)
    return found
