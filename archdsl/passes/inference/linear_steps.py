"""The weights of two layers in a row, multiplied and taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.ir.naming import state_key
from archdsl.passes.weights import NoInverseError, exact

if TYPE_CHECKING:
    from archdsl.passes.weights import Array, State

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Product:
    """The second layer takes the place of both: B * A, B a + b.

    Attributes:
        first, second: paths; the product stands at the second.
        between: channels between the two.
        groups: of the first layer.
        wide_first: whether the first layer has the window (or both are linear); else the second.
        first_bias, second_bias: which of them have a bias.
    """

    first: str
    second: str
    between: int
    groups: int
    wide_first: bool
    first_bias: bool
    second_bias: bool

    def forward(self, state: State) -> None:
        a, b = (exact(state.pop(state_key(path, "weight"))) for path in (self.first, self.second))
        if self.wide_first:
            dense = _dense(a, self.groups)
            state[state_key(self.second, "weight")] = _product(b.reshape(b.shape[0], -1), dense)
        else:
            state[state_key(self.second, "weight")] = _windowed_product(b, a.reshape(a.shape[:2]))
        if self.first_bias:
            moved = b.reshape(*b.shape[:2], -1).sum(-1) @ exact(state.pop(state_key(self.first, "bias")))
            own = exact(state[state_key(self.second, "bias")]) if self.second_bias else 0
            state[state_key(self.second, "bias")] = moved + own

    def backward(self, state: State) -> None:
        import numpy as np

        weight = exact(state.pop(state_key(self.second, "weight")))
        outputs, inputs, *kernel = weight.shape
        ones = [1] * len(kernel)
        if self.groups != 1:
            raise NoInverseError(f"linear_chains: `{self.first}` has {self.groups} groups, its product has none")
        if self.wide_first:
            b, a = self._factors(weight.reshape(outputs, -1))
            first, second = a.reshape(self.between, inputs, *kernel), b.reshape(outputs, self.between, *ones)
        else:
            moved = np.moveaxis(weight, 1, -1)
            b, a = self._factors(moved.reshape(-1, inputs))
            first = a.reshape(self.between, inputs, *ones)
            second = np.moveaxis(b.reshape(outputs, *kernel, self.between), -1, 1)
        state[state_key(self.first, "weight")], state[state_key(self.second, "weight")] = first, second
        if self.first_bias:
            state[state_key(self.first, "bias")] = self._bias(state, second)

    def _factors(self, matrix: Array) -> tuple[Array, Array]:
        """Two matrices with this product and `between` columns and rows between them."""
        import numpy as np

        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        if len(values) > self.between and values[self.between] > TOLERANCE * max(values[0], 1e-300):
            raise NoInverseError(f"linear_chains: `{self.second}` has a higher rank than `{self.first}` leaves it")
        rank = min(self.between, len(values))
        b, a = np.zeros((matrix.shape[0], self.between)), np.zeros((self.between, matrix.shape[1]))
        b[:, :rank], a[:rank] = left[:, :rank] * np.sqrt(values[:rank]), np.sqrt(values[:rank])[:, None] * right[:rank]
        return b, a

    def _bias(self, state: State, second: Array) -> Array:
        """The bias of the first layer; the second takes all of it if it has one."""
        import numpy as np

        if self.second_bias:
            return np.zeros(self.between)
        wanted = exact(state.pop(state_key(self.second, "bias")))
        taps = second.reshape(*second.shape[:2], -1).sum(-1)
        found: Array = np.linalg.lstsq(taps, wanted, rcond=None)[0]
        if np.abs(taps @ found - wanted).max() > TOLERANCE * max(1.0, np.abs(wanted).max()):
            raise NoInverseError(f"linear_chains: no bias at `{self.first}` gives the one of the product")
        return found


def _dense(weight: Array, groups: int) -> Array:
    """The weight [out, in / groups, ...] of a grouped convolution as that of one with a single group."""
    import numpy as np

    if groups == 1:
        return weight
    outputs, inputs, *kernel = weight.shape
    full = np.zeros((groups, outputs // groups, groups, inputs, *kernel))
    for group, own in enumerate(weight.reshape(groups, outputs // groups, inputs, *kernel)):
        full[group, :, group] = own
    return full.reshape(outputs, groups * inputs, *kernel)


def _product(b: Array, a: Array) -> Array:
    found: Array = (b @ a.reshape(a.shape[0], -1)).reshape(b.shape[0], *a.shape[1:])
    return found


def _windowed_product(b: Array, a: Array) -> Array:
    """[o, m, ...] and [m, i] to [o, i, ...]."""
    import numpy as np

    return np.moveaxis(np.tensordot(b, a, axes=([1], [0])), -1, 1)
