"""A network in which single nodes are replaced by, or followed by, a few nodes in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from archdsl.compression.weighted import Array, Arrays, WeightedGraph
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator


class Step(NamedTuple):
    """One of the nodes that take a node's place: its operator, the end of its path, its weights."""

    op: Operator
    label: str
    arrays: Mapping[str, Array]


def rewritten(network: WeightedGraph, steps: Callable[[Node], Sequence[Step] | None]) -> WeightedGraph:
    """The network with each node replaced by the steps that are given for it, one reading the other.

    Args:
        network: it is left as it is.
        steps: called with every node; None keeps the node. Nodes with one path must get the same steps.
    """
    now: dict[Value, Value] = dict(zip(network.graph.inputs.values(), network.graph.inputs.values(), strict=True))
    graph = Graph(network.graph.name, dict(network.graph.inputs), [], {}, network.graph.root)
    arrays: Arrays = {}
    for node in network.graph.nodes:
        operands = [now[value] for value in node.operands]
        made = steps(node)
        if made is None:
            last = graph.add(node.op, operands, node.path, node.scope, node.span)
            if node.weights:
                arrays[node.path] = network.arrays[node.path]
        else:
            for step in made:
                path = f"{node.path}{step.label}"
                last = graph.add(step.op, operands, path, node.scope, node.span)
                operands = list(last.outputs)
                if last.weights:
                    arrays[path] = dict(step.arrays)
        for old, new in zip(node.outputs, last.outputs, strict=True):
            new.name = old.name
            now[old] = new
    graph.outputs = {name: now[value] for name, value in network.graph.outputs.items()}
    return WeightedGraph(graph, arrays, network.heads, network.notes)
