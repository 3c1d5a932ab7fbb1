"""The weights of summed branches, put together and taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from archdsl.ir.naming import state_key
from archdsl.passes.weights import NoInverseError, exact

if TYPE_CHECKING:
    from archdsl.passes.weights import Array, State

TOLERANCE = 1e-9


class Branch(NamedTuple):
    """A convolution, or an affine map (weight [channels]), and where its window stands in the whole one."""

    path: str
    offset: tuple[int, ...]
    kernel: tuple[int, ...]
    has_bias: bool
    is_affine: bool

    def taps(self) -> tuple[slice, slice, slice, slice]:
        """Its place in the weight [out, in / groups, height, width]."""
        (top, left), (height, width) = self.offset, self.kernel
        return (slice(None), slice(None), slice(top, top + height), slice(left, left + width))


@dataclass(frozen=True, slots=True)
class Sum:
    """One convolution at `path` for all branches and, with an offset, the value itself."""

    path: str
    branches: tuple[Branch, ...]
    itself: tuple[int, ...] | None
    kernel: tuple[int, ...]
    groups: int

    def forward(self, state: State) -> None:
        import numpy as np

        parts = [(branch, exact(state.pop(state_key(branch.path, "weight")))) for branch in self.branches]
        biases = [exact(state.pop(state_key(b.path, "bias"))) for b in self.branches if b.has_bias]
        outputs, inputs = next(weight.shape[:2] for branch, weight in parts if not branch.is_affine)
        total = np.zeros((outputs, inputs, *self.kernel))
        for branch, weight in parts:
            if branch.is_affine:
                total[:, :, branch.offset[0], branch.offset[1]] += _diagonal(weight, inputs)
            else:
                total[branch.taps()] += weight
        if self.itself is not None:
            total[:, :, self.itself[0], self.itself[1]] += _diagonal(np.ones(outputs), inputs)
        state[state_key(self.path, "weight")] = total
        if biases:
            state[state_key(self.path, "bias")] = np.sum(biases, axis=0)

    def backward(self, state: State) -> None:
        import numpy as np

        rest = exact(state.pop(state_key(self.path, "weight"))).copy()
        whole = np.abs(rest).max(initial=0.0)
        outputs, inputs = rest.shape[:2]
        if self.itself is not None:
            rest[:, :, self.itself[0], self.itself[1]] -= _diagonal(np.ones(outputs), inputs)
        for branch in self.branches:
            if branch.is_affine:
                state[state_key(branch.path, "weight")] = np.zeros(outputs)
            else:
                state[state_key(branch.path, "weight")] = rest[branch.taps()].copy()
                rest[branch.taps()] = 0
        if np.abs(rest).max(initial=0.0) > TOLERANCE * max(1.0, whole):
            raise NoInverseError(f"parallel_branches: no branch has all elements of the window at `{self.path}`")
        biased = [branch for branch in self.branches if branch.has_bias]
        bias = exact(state.pop(state_key(self.path, "bias"))) if biased else None
        for branch in biased:
            assert bias is not None
            state[state_key(branch.path, "bias")] = bias
            bias = np.zeros_like(bias)


def _diagonal(values: Array, inputs: int) -> Array:
    """[out, in / groups]: each output channel takes its own input channel, times a value."""
    import numpy as np

    found = np.zeros((len(values), inputs))
    found[np.arange(len(values)), np.arange(len(values)) % inputs] = values
    return found
