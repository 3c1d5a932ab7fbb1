"""What is left of a graph when names, places and the order of nodes are taken away: the input of labelling.

Vertices are numbered in topological order: first the network's inputs, then nodes, last one sink that reads the
network's outputs in order. Two graphs are the same network if there is an isomorphism of their structures: a
bijection of vertices that keeps labels, operands (in order; as a multiset for commutative operators) and the
partition of nodes into those that share weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from archdsl.ir.graph import Graph, Value
from archdsl.ir.text import print_attributes
from archdsl.ops.base import Operator, infer
from archdsl.types import TensorType

# (vertex that makes the operand, which of its outputs)
Operand: TypeAlias = tuple[int, int]

# Labels by operator and operand types: a search asks for the same few thousand again and again.
_LABELS: dict[tuple[Operator, tuple[TensorType, ...]], str] = {}
MOST_LABELS = 50_000


@dataclass(frozen=True, slots=True)
class Structure:
    """A labelled directed acyclic graph with ordered operands.

    Attributes:
        labels: for each vertex, what kind it is: operator, canonical attributes, types of its outputs.
        operands: for each vertex, what it reads, in order; all of lower number.
        commutative: for each vertex, whether the order of its operands means nothing.
        sharing: sets of two or more vertices that share one set of weights; disjoint.
    """

    labels: list[str]
    operands: list[tuple[Operand, ...]]
    commutative: list[bool]
    sharing: list[tuple[int, ...]]


def structure_of(graph: Graph) -> Structure:
    """The structure of the graph as it stands, nothing simplified."""
    place: dict[Value, Operand] = {}
    labels: list[str] = []
    operands: list[tuple[Operand, ...]] = []
    commutative: list[bool] = []
    for position, value in enumerate(graph.inputs.values()):
        place[value] = (position, 0)
        labels.append(f"input {position} : {value.type}")
        operands.append(())
        commutative.append(False)
    for vertex, node in enumerate(graph.nodes, len(labels)):
        labels.append(label_of(node.op, node.operand_types))
        operands.append(tuple([place[v] for v in node.operands]))
        commutative.append(node.op.commutative)
        for which, value in enumerate(node.outputs):
            place[value] = (vertex, which)
    labels.append("outputs")
    operands.append(tuple([place[v] for v in graph.outputs.values()]))
    commutative.append(False)
    return Structure(labels, operands, commutative, _sharing(graph))


def label_of(op: Operator, operands: tuple[TensorType, ...]) -> str:
    """The label of a node: independent of the order in which the class declares its attributes."""
    key = (op, operands)
    found = _LABELS.get(key)
    if found is None:
        if len(_LABELS) > MOST_LABELS:
            _LABELS.clear()
        given = op.canonical_attributes(operands)
        attributes = print_attributes({name: given[name] for name in sorted(type(op).model_fields) if name in given})
        found = _LABELS[key] = f"{op.name} {attributes} : {', '.join(map(str, infer(op, operands)))}"
    return found


def _sharing(graph: Graph) -> list[tuple[int, ...]]:
    by_path: dict[str, list[int]] = {}
    for vertex, node in enumerate(graph.nodes, len(graph.inputs)):
        if node.weights:
            by_path.setdefault(node.path, []).append(vertex)
    return [tuple(members) for members in by_path.values() if len(members) > 1]
