"""A graph together with its weights as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from archdsl.compression.forms import heads_of, main_part, training_form
from archdsl.ir.graph import Graph
from archdsl.ir.naming import state_key
from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.building import Mode, compile_architecture
from archdsl.pipeline.weights import state_of

if TYPE_CHECKING:
    from archdsl.pipeline.building import Weights

Array: TypeAlias = "np.ndarray[Any, Any]"
# By path of the node, then by name of the weight. Nodes that share a path share the arrays.
Arrays: TypeAlias = "dict[str, dict[str, Array]]"


@dataclass(frozen=True)
class WeightedGraph:
    """A network and its weights.

    Attributes:
        graph: the training form where it is carried along, else the inference form.
        arrays: the weights.
        heads: outputs of `graph` that only training has.
        notes: what a user should know.
    """

    graph: Graph
    arrays: Arrays
    heads: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def main(self) -> Graph:
        """The inference form: a part of `graph`, with the same nodes."""
        return main_part(self.graph, self.heads)


def weighted(architecture: Architecture, weights: Weights | None) -> WeightedGraph:
    """The network with these weights, as of `archdsl.compile`; without, with freshly initialised ones.

    Auxiliary heads of training come along if the weights have some for them.

    Raises:
        ArchdslError: E1001 if the weights don't fit.
    """
    given = None if weights is None else state_of(weights)
    graph = architecture.graph()
    notes: tuple[str, ...] = ()
    training = training_form(architecture)
    if training is not None and (given is None or _complete(training, given)):
        graph = training
    elif architecture.has_training_form:
        notes = (_left_out(architecture, training),)
    mode: Mode = "inference" if graph is architecture.graph() else "train"
    state = compile_architecture(architecture, mode, given, optimize=False).state_dict()
    arrays: Arrays = {}
    for node, spec in graph.weights():
        tensor = state[state_key(node.path, spec.name)]
        arrays.setdefault(node.path, {})[spec.name] = tensor.detach().cpu().numpy()
    return WeightedGraph(graph, arrays, heads_of(graph, architecture.graph()), notes)


def _complete(graph: Graph, state: Mapping[str, object]) -> bool:
    return all(state_key(node.path, spec.name) in state for node, spec in graph.weights())


def _left_out(architecture: Architecture, training: Graph | None) -> str:
    if training is None:
        return "the training form computes the network in another way: the inference form alone is what comes of this"
    heads = ", ".join(heads_of(training, architecture.graph()))
    return f"the weights have none for {heads} of the training form: that is left out"


def float64(arrays: Mapping[str, Array], name: str) -> Array:
    """A weight in double precision."""
    return arrays[name].astype(np.float64)
