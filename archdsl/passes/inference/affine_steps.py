"""The weights of affine folding: a factor s and a number t per channel go into weights and bias of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from archdsl.ir.graph import Node
from archdsl.ir.naming import state_key
from archdsl.passes.inference.layers import AFFINE, TRANSPOSED, groups_of
from archdsl.passes.weights import NoInverseError, exact

if TYPE_CHECKING:
    from archdsl.passes.weights import Array, State

# How far, relatively, a bias may be from what a shift before the layer can make.
TOLERANCE = 1e-9


class Kind(NamedTuple):
    """How the weight of a layer is laid out."""

    layout: Literal["out_first", "in_first", "affine"]
    groups: int


class Part(NamedTuple):
    """A layer that an affine map goes into.

    Attributes:
        path: the layer.
        kind: the layout of its weight.
        start: for a map behind layers, the first of its channels that this layer makes.
        stop: behind: the first channel that it doesn't make. Before: how often each channel stands in what it reads.
        had_bias: whether the layer had a bias before.
    """

    path: str
    kind: Kind
    start: int
    stop: int
    had_bias: bool


def kind_of(node: Node) -> Kind:
    """The layout of a layer's weight."""
    if node.op.name in AFFINE:
        return Kind("affine", 1)
    return Kind("in_first" if node.op.name in TRANSPOSED else "out_first", groups_of(node))


class Behind(NamedTuple):
    """s (W x + b) + t = (s W) x + (s b + t), for layers that make the channels of the map among them."""

    affine: str
    parts: tuple[Part, ...]

    def forward(self, state: State) -> None:
        factor, shift = (exact(state.pop(state_key(self.affine, name))) for name in ("weight", "bias"))
        for part in self.parts:
            s, t = factor[part.start : part.stop], shift[part.start : part.stop]
            weight, bias = state_key(part.path, "weight"), state_key(part.path, "bias")
            state[weight] = scaled_outputs(exact(state[weight]), s, part.kind)
            state[bias] = t + s * exact(state[bias]) if part.had_bias else t

    def backward(self, state: State) -> None:
        import numpy as np

        channels = max(part.stop for part in self.parts)
        shift = np.zeros(channels)
        for part in self.parts:
            if not part.had_bias:
                shift[part.start : part.stop] = state.pop(state_key(part.path, "bias"))
        state[state_key(self.affine, "weight")] = np.ones(channels)
        state[state_key(self.affine, "bias")] = shift


class Before(NamedTuple):
    """W (s x + t) + b = (W s) x + (W t + b), for all layers that read the result of the map."""

    affine: str
    parts: tuple[Part, ...]

    def forward(self, state: State) -> None:
        import numpy as np

        factor, shift = (exact(state.pop(state_key(self.affine, name))) for name in ("weight", "bias"))
        for part in self.parts:
            s, t = np.repeat(factor, part.stop), np.repeat(shift, part.stop)
            weight, bias = state_key(part.path, "weight"), state_key(part.path, "bias")
            given = exact(state[weight])
            moved = summed_inputs(given, t, part.kind.groups)
            state[weight] = scaled_inputs(given, s, part.kind.groups)
            state[bias] = moved + exact(state[bias]) if part.had_bias else moved

    def backward(self, state: State) -> None:
        import numpy as np

        first = self.parts[0]
        channels = state[state_key(first.path, "weight")].shape[1] * first.kind.groups // first.stop
        factor, shift = np.ones(channels), self._shift(state, channels)
        left = self._left(state, shift)
        if any(rest.any() for rest in left.values()):
            idle = self._carry(state, left, channels)
            factor[idle], shift[idle] = 0.0, 1.0
        for part in self.parts:
            bias = state_key(part.path, "bias")
            if part.had_bias:
                weight = exact(state[state_key(part.path, "weight")])
                state[bias] = exact(state[bias]) - summed_inputs(weight, np.repeat(shift, part.stop), part.kind.groups)
            else:
                state.pop(bias)
        state[state_key(self.affine, "weight")], state[state_key(self.affine, "bias")] = factor, shift

    def _shift(self, state: State, channels: int) -> Array:
        """The shift before the layers that comes nearest to the biases of those that had none."""
        import numpy as np

        bare = [part for part in self.parts if not part.had_bias]
        wanted = [exact(state[state_key(part.path, "bias")]) for part in bare]
        if not any(bias.any() for bias in wanted):
            return np.zeros(channels)
        rows = np.concatenate([_response(exact(state[state_key(p.path, "weight")]), p, channels) for p in bare])
        found: Array = np.linalg.lstsq(rows, np.concatenate(wanted), rcond=None)[0]
        return found

    def _left(self, state: State, shift: Array) -> dict[Part, Array]:
        """What the shift leaves of the biases of layers that had none; zeros where that is rounding."""
        import numpy as np

        found: dict[Part, Array] = {}
        for part in self.parts:
            if not part.had_bias:
                weight, wanted = (exact(state[state_key(part.path, name)]) for name in ("weight", "bias"))
                rest = wanted - summed_inputs(weight, np.repeat(shift, part.stop), part.kind.groups)
                small = np.abs(rest).max(initial=0.0) <= TOLERANCE * max(1.0, np.abs(wanted).max(initial=0.0))
                found[part] = np.zeros_like(rest) if small else rest
        return found

    def _carry(self, state: State, left: dict[Part, Array], channels: int) -> int:
        """Let a channel that no layer reads anything of (its gamma was zero) carry what is left; gives the channel."""
        import numpy as np

        silent = np.ones(channels, bool)
        for part in self.parts:
            weight = exact(state[state_key(part.path, "weight")])
            silent &= ~_response(np.abs(weight), part, channels).any(0)
        if not silent.any() or any(part.kind.groups != 1 for part in self.parts):
            names = ", ".join(f"`{part.path}`" for part in left)
            raise NoInverseError(f"affine_folding: no shift at `{self.affine}` gives the biases of {names}")
        idle = int(silent.argmax())
        for part, rest in left.items():
            weight = exact(state[state_key(part.path, "weight")]).copy()
            weight.reshape(*weight.shape[:2], -1)[:, idle * part.stop, 0] = rest
            state[state_key(part.path, "weight")] = weight
        return idle


def scaled_outputs(weight: Array, factor: Array, kind: Kind) -> Array:
    """The weight of a layer whose output channels are multiplied by `factor`."""
    if kind.layout == "affine":
        return weight * factor
    if kind.layout == "out_first":
        return weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
    inputs, outputs, *kernel = weight.shape
    grouped = weight.reshape(kind.groups, inputs // kind.groups, outputs, *kernel)
    return (grouped * factor.reshape(kind.groups, 1, outputs, *[1] * len(kernel))).reshape(weight.shape)


def scaled_inputs(weight: Array, factor: Array, groups: int) -> Array:
    """The weight [out, in / groups, ...] of a layer whose input channels are divided by `factor`."""
    outputs, inputs, *kernel = weight.shape
    grouped = weight.reshape(groups, outputs // groups, inputs, *kernel)
    return (grouped * factor.reshape(groups, 1, inputs, *[1] * len(kernel))).reshape(weight.shape)


def summed_inputs(weight: Array, value: Array, groups: int) -> Array:
    """What a layer [out, in / groups, ...] without bias makes of the constant `value` per input channel."""
    outputs, inputs = weight.shape[:2]
    taps = weight.reshape(groups, outputs // groups, inputs, -1).sum(-1)
    found: Array = (taps * value.reshape(groups, 1, inputs)).sum(-1).reshape(outputs)
    return found


def _response(weight: Array, part: Part, channels: int) -> Array:
    """[out, channels]: what each channel of the map, at 1, adds to each output."""
    import numpy as np

    outputs, inputs = weight.shape[:2]
    taps = weight.reshape(outputs, inputs, -1).sum(-1)
    full = np.zeros((part.kind.groups, outputs // part.kind.groups, part.kind.groups, inputs))
    for group in range(part.kind.groups):
        full[group, :, group] = taps.reshape(part.kind.groups, -1, inputs)[group]
    found: Array = full.reshape(outputs, channels, part.stop).sum(-1)
    return found
