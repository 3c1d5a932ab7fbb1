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

    All of them lie in one array, so that the optimizer takes few steps; `values` are its parts.

    Attributes:
        hidden: H, units of the LSTM and size of the embeddings.
        places: of the blocks in the array.
        values: views of it by name: `lstm/input` [H, 4H], `lstm/hidden` [H, 4H], `lstm/bias` [4H] (gates in the order
            input, forget, output, cell); `lstm/start` [1, H]; for a decision `head/...` [H, n], `bias/...` [n] and
            `embed/...` [n, H].
    """

    def __init__(self, hidden: int, draw: Draw):
        self.hidden = hidden
        self.places: dict[str, slice] = {}
        self.values: dict[str, Array] = {}
        self._draw = draw
        self._shapes: dict[str, dict[str, tuple[int, ...]]] = {}
        self._room = draw(0)
        self._size = 0
        lstm = {"input": (hidden, 4 * hidden), "hidden": (hidden, 4 * hidden), "bias": (4 * hidden,)}
        self._add(LSTM, {**{f"lstm/{name}": shape for name, shape in lstm.items()}, "lstm/start": (1, hidden)})

    @property
    def flat(self) -> Array:
        """All weights, to be changed in place."""
        return self._room[: self._size]

    def meet(self, name: str, outcomes: int) -> None:
        """Make the softmax and the embeddings of a decision, unless they are there."""
        if name not in self.places:
            n, h = outcomes, self.hidden
            self._add(name, {f"head/{name}": (h, n), f"bias/{name}": (n,), f"embed/{name}": (n, h)})

    def parts(self, flat: Array) -> dict[str, Array]:
        """Views by name of an array that is like `flat`."""
        found: dict[str, Array] = {}
        for block, shapes in self._shapes.items():
            found.update(_parts(flat[self.places[block]], shapes))
        return found

    def _add(self, block: str, shapes: dict[str, tuple[int, ...]]) -> None:
        drawn = self._draw(sum(map(prod, shapes.values())))
        place = slice(self._size, self._size + len(drawn))
        self._shapes[block], self.places[block], self._size = shapes, place, place.stop
        if self._size > len(self._room):
            room = np.zeros(2 * self._size, drawn.dtype)
            room[: place.start] = self._room[: place.start]
            self._room = room
            self.values.update(self.parts(self.flat))
        self._room[place] = drawn
        self.values.update(_parts(self._room[place], shapes))


def _parts(flat: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    found, start = {}, 0
    for name, shape in shapes.items():
        found[name] = flat[start : start + prod(shape)].reshape(shape)
        start += prod(shape)
    return found
