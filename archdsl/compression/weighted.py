"""A graph together with its weights as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from archdsl.ir.graph import Graph
from archdsl.ir.naming import state_key
from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.building import compile_architecture

if TYPE_CHECKING:
    from archdsl.pipeline.building import Weights

Array: TypeAlias = "np.ndarray[Any, Any]"
# By path of the node, then by name of the weight. Nodes that share a path share the arrays.
Arrays: TypeAlias = "dict[str, dict[str, Array]]"


@dataclass(frozen=True)
class WeightedGraph:
    """The inference form of a network, and its weights."""

    graph: Graph
    arrays: Arrays


def weighted(architecture: Architecture, weights: Weights | None) -> WeightedGraph:
    """The network with these weights, as of `archdsl.compile`; without, with freshly initialised ones.

    Raises:
        ArchdslError: E1001 if the weights don't fit.
    """
    state = compile_architecture(architecture, "inference", weights).state_dict()
    graph = architecture.graph()
    arrays: Arrays = {}
    for node, spec in graph.weights():
        tensor = state[state_key(node.path, spec.name)]
        arrays.setdefault(node.path, {})[spec.name] = tensor.detach().cpu().numpy()
    return WeightedGraph(graph, arrays)


def float64(arrays: Mapping[str, Array], name: str) -> Array:
    """A weight in double precision."""
    return arrays[name].astype(np.float64)
