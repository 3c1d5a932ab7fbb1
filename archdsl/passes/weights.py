"""Weight maps: how the weights of an optimized graph are computed from those of the source, and back.

A map is a row of steps, one or more for each pass that touched weights; maps are composed by putting one behind the
other. Weights are numpy arrays under their `state_dict` keys. Steps compute in float64, however the weights are
given, and only once everything is computed are they rounded to the given precision.

The way back gives weights with which the source network computes the same function. They are seldom those it had: a
batch norm that was folded into a convolution comes back as a convolution and a batch norm that changes nothing.
Where a step has no way back (weights that must stay equal and have been trained apart), it says so.

numpy is imported on use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from archdsl.ir.graph import Graph
from archdsl.ir.naming import state_key
from archdsl.ops.base import WeightSpec

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"
    State: TypeAlias = "dict[str, Array]"


class NoInverseError(Exception):
    """Optimized weights don't come from any weights of the source; the message names the step and the weight."""


class WeightStep(Protocol):
    """One change of the weights. Both methods change the given dictionary; its arrays they never change."""

    def forward(self, state: State) -> None:
        """Take out what is used up and put in what is made."""

    def backward(self, state: State) -> None:
        """The other way round.

        Raises:
            NoInverseError: if there are no weights that `forward` makes these of.
        """


@dataclass(frozen=True)
class Dropped:
    """Weights of nodes that no output depends on leave; on the way back they are zeros, variances ones."""

    weights: Mapping[str, WeightSpec]

    def forward(self, state: State) -> None:
        for key in self.weights:
            state.pop(key, None)

    def backward(self, state: State) -> None:
        import numpy as np

        for key, spec in self.weights.items():
            state[key] = np.full(spec.shape, 1 if spec.name == "running_var" else 0, np.dtype(spec.dtype))


@dataclass(frozen=True)
class WeightMap:
    """How the weights of `target` come from those of `source`.

    Attributes:
        source: the weights of the network as it was, by key.
        target: those of the network as it is now.
        steps: what happens to them, in order.
    """

    source: Mapping[str, WeightSpec]
    target: Mapping[str, WeightSpec]
    steps: tuple[WeightStep, ...] = ()

    @classmethod
    def between(cls, source: Graph, target: Graph, steps: tuple[WeightStep, ...] = ()) -> WeightMap:
        """The map of passes that made `target` of `source`."""
        return cls(keys_of(source), keys_of(target), steps)

    def then(self, later: WeightMap) -> WeightMap:
        """This map followed by another one, which starts where this one ends."""
        if later.source != self.target:
            raise ValueError("the second map starts with other weights than the first one ends with")
        return WeightMap(self.source, later.target, (*self.steps, *later.steps))

    def forward(self, state: Mapping[str, Array]) -> State:
        """The weights of the optimized network, floats in the precision of the given ones.

        Args:
            state: the weights of the source network by key; further ones are left out.

        Raises:
            KeyError: if a weight is missing.
        """
        return self._run(state, self.source, self.target, back=False)

    def backward(self, state: Mapping[str, Array], base: Mapping[str, Array] | None = None) -> State:
        """Weights with which the source network computes what the optimized one does with `state`.

        Args:
            state: the weights of the optimized network by key.
            base: for weights that nothing depends on, what they are; by default zeros, variances ones.

        Raises:
            KeyError: if a weight is missing.
            NoInverseError: if a step has no way back for these weights.
        """
        import numpy as np

        found = self._run(state, self.target, self.source, back=True)
        idle = {key for step in self.steps if isinstance(step, Dropped) for key in step.weights}
        kept = {key: np.asarray(base[key]) for key in idle if base is not None and key in self.source and key in base}
        return found | kept

    def _run(
        self, state: Mapping[str, Array], given: Mapping[str, WeightSpec], wanted: Mapping[str, WeightSpec], back: bool
    ) -> State:
        import numpy as np

        kept = {key: np.asarray(state[key]) for key in given}
        floats = [array.dtype for array in kept.values() if array.dtype.kind == "f"]
        precision = np.result_type(*floats) if floats else np.dtype("float32")
        working = dict(kept)
        for step in reversed(self.steps) if back else self.steps:
            step.backward(working) if back else step.forward(working)
        found = {key: working[key] for key in wanted}
        return {key: a if a is kept.get(key) else _rounded(a, precision) for key, a in found.items()}


def keys_of(graph: Graph) -> dict[str, WeightSpec]:
    """The weights of a graph by key, in order of definition."""
    return {state_key(node.path, spec.name): spec for node, spec in graph.weights()}


def exact(array: Array) -> Array:
    """The array in float64, in which all steps compute."""
    import numpy as np

    return array.astype(np.float64, copy=False)


def _rounded(array: Array, precision: np.dtype[Any]) -> Array:
    import numpy as np

    return np.ascontiguousarray(array, dtype=precision if array.dtype.kind == "f" else array.dtype)
