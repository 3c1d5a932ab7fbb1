"""What a transformation gives: a spec, weights for it, and the cost before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

from archdsl.analysis.report import CostReport
from archdsl.compression.weighted import Array, WeightedGraph
from archdsl.importing.lifted import Weight
from archdsl.importing.lifting import Network
from archdsl.importing.writing import write
from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.building import compile_architecture, cost
from archdsl.pipeline.files import replacing

if TYPE_CHECKING:
    from torch import nn

FIGURES = ("params", "mult_adds", "memory_access", "peak_activation")


@dataclass(frozen=True)
class Change:
    """What became of one step.

    Attributes:
        path: the step's path in the network before.
        what: in words, `64 -> 40 filters`.
        figures: further numbers, by name.
    """

    path: str
    what: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Compressed:
    """A transformed network.

    Attributes:
        text: of the new spec.
        architecture: what the spec elaborates to.
        weights: arrays by `state_dict` key of the new spec, with everything `archdsl.compile` wants.
        before: cost of the network that was given (inference form, one sample).
        changes: what was done, in the order of the graph.
        notes: what a user should know.
    """

    text: str
    architecture: Architecture
    weights: dict[str, Array]
    before: CostReport
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def after(self) -> CostReport:
        """Cost of the new network."""
        return cost(self.architecture)

    def module(self, mode: Any = "inference") -> nn.Module:
        """The new network with its weights, as of `archdsl.compile`."""
        return compile_architecture(self.architecture, mode, _tensors(self.weights))

    def save(self, spec: str | PathLike[str], weights: str | PathLike[str] | None = None) -> None:
        """Write the spec, and the weights as .safetensors: everything or nothing.

        Raises:
            OSError: if a folder cannot be written to.
        """
        from safetensors.numpy import save_file

        with ExitStack() as stack:
            stack.enter_context(replacing(spec)).write_text(self.text, encoding="utf-8")
            if weights is not None:
                save_file(self.weights, stack.enter_context(replacing(weights)))

    def to_dict(self) -> dict[str, Any]:
        """Cost before and after, and the changes, as plain data."""
        return {
            "before": {name: getattr(self.before, name) for name in FIGURES},
            "after": {name: getattr(self.after, name) for name in FIGURES},
            "notes": list(self.notes),
            "changes": [{"step": c.path, "what": c.what, **c.figures} for c in self.changes],
        }


def compressed(
    made: WeightedGraph, original: Architecture, description: str, name: str, changes: Sequence[Change]
) -> Compressed:
    """The spec of a transformed graph, elaborated and held against it node by node."""
    made.graph.name = made.main.name = name
    network = Network(made.main, training=made.graph if made.heads else None)
    for node in made.graph.nodes:
        if node.weights:
            found = made.arrays[node.path].items()
            network.weights[node] = {key: Weight(f"{node.path}/{key}", array) for key, array in found}
    written = write(network, description)
    return Compressed(written.text, written.architecture, written.state, cost(original), tuple(changes), made.notes)


def _tensors(arrays: Mapping[str, Array]) -> dict[str, Any]:
    from safetensors.numpy import save
    from safetensors.torch import load

    return load(save(dict(arrays)))
