"""The weights of siblings, above one another and apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from archdsl.ir.naming import state_key
from archdsl.passes.weights import NoInverseError, exact

if TYPE_CHECKING:
    from archdsl.passes.weights import Array, State


class Sibling(NamedTuple):
    """One member: its rows in the merged weight, and where its window stands in the merged one."""

    path: str
    outputs: int
    kernel: tuple[int, ...]
    offset: tuple[int, ...]
    has_bias: bool


@dataclass(frozen=True, slots=True)
class Siblings:
    """Weights above one another (in each group), smaller windows with zeros around them."""

    path: str
    members: tuple[Sibling, ...]
    kernel: tuple[int, ...]
    groups: int = 1

    def forward(self, state: State) -> None:
        import numpy as np

        weights = [(m, state.pop(state_key(m.path, "weight"))) for m in self.members]
        whole = [self._embedded(member, weight) for member, weight in weights]
        state[state_key(self.path, "weight")] = self._stacked(whole)
        if any(m.has_bias for m in self.members):
            biases = [
                exact(state.pop(state_key(m.path, "bias"))) if m.has_bias else np.zeros(m.outputs) for m in self.members
            ]
            state[state_key(self.path, "bias")] = self._stacked(biases)

    def _stacked(self, arrays: list[Array]) -> Array:
        """One array above the other, group by group."""
        import numpy as np

        grouped = [array.reshape(self.groups, -1, *array.shape[1:]) for array in arrays]
        return np.concatenate(grouped, axis=1).reshape(-1, *arrays[0].shape[1:])

    def _pieces(self, array: Array) -> list[Array]:
        """The members' arrays in a stacked one."""
        import numpy as np

        ends = np.cumsum([m.outputs // self.groups for m in self.members])[:-1]
        pieces = np.split(array.reshape(self.groups, -1, *array.shape[1:]), ends, axis=1)
        return [piece.reshape(-1, *array.shape[1:]) for piece in pieces]

    def _embedded(self, member: Sibling, weight: Array) -> Array:
        import numpy as np

        if member.kernel == self.kernel:
            return weight
        full = np.zeros((*weight.shape[:2], *self.kernel))
        full[self._taps(member)] = weight
        return full

    def _taps(self, member: Sibling) -> tuple[slice, ...]:
        inner = [slice(o, o + k) for o, k in zip(member.offset, member.kernel, strict=True)]
        return (slice(None), slice(None), *inner)

    def backward(self, state: State) -> None:
        import numpy as np

        pieces = self._pieces(state.pop(state_key(self.path, "weight")))
        for member, piece in zip(self.members, pieces, strict=True):
            own = piece if member.kernel == self.kernel else piece[self._taps(member)]
            if np.count_nonzero(own) != np.count_nonzero(piece):
                raise NoInverseError(f"sibling_merging: the window of `{member.path}` is smaller than what it became")
            state[state_key(member.path, "weight")] = own
        if any(m.has_bias for m in self.members):
            biases = self._pieces(state.pop(state_key(self.path, "bias")))
            for member, bias in zip(self.members, biases, strict=True):
                if member.has_bias:
                    state[state_key(member.path, "bias")] = bias
                elif bias.any():
                    raise NoInverseError(f"sibling_merging: `{member.path}` has no bias")
