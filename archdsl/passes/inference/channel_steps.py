"""Weights of layers whose channels stand in another order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.ir.naming import state_key

if TYPE_CHECKING:
    from archdsl.passes.weights import State


@dataclass(frozen=True, slots=True)
class Outputs:
    """A layer makes its channels in another order: `order` has the old channel at each new place."""

    path: str
    order: tuple[int, ...]

    def forward(self, state: State) -> None:
        self._apply(state, list(self.order))

    def backward(self, state: State) -> None:
        self._apply(state, _inverse(self.order))

    def _apply(self, state: State, order: list[int]) -> None:
        for name in ("weight", "bias"):
            key = state_key(self.path, name)
            if key in state:
                state[key] = state[key][order]


@dataclass(frozen=True, slots=True)
class Inputs:
    """A layer reads its channels in another order: `order` has the old channel at each new place."""

    path: str
    order: tuple[int, ...]

    def forward(self, state: State) -> None:
        key = state_key(self.path, "weight")
        state[key] = state[key][:, list(self.order)]

    def backward(self, state: State) -> None:
        key = state_key(self.path, "weight")
        state[key] = state[key][:, _inverse(self.order)]


def _inverse(order: tuple[int, ...]) -> list[int]:
    found = [0] * len(order)
    for place, channel in enumerate(order):
        found[channel] = place
    return found
