"""Whether an exchange of weights makes no difference: an automorphism of the network undoes it.

Two branches that do the same to the same value and meet in a sum are an example. Every node with weights is marked
with the tensors that it would get; two assignments are the same network exactly if the marked graphs are isomorphic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from archdsl.conversion.units import Unit
from archdsl.ir.graph import Graph
from archdsl.ir.labelling import canonical_order
from archdsl.ir.structure import Structure, structure_of


class Symmetry:
    """Compares assignments of tensors to the units of one network."""

    def __init__(self, graph: Graph, units: Sequence[Unit]):
        self._structure = structure_of(graph)
        self._vertices: dict[str, list[int]] = {}
        for vertex, node in enumerate(graph.nodes, len(graph.inputs)):
            if node.weights:
                self._vertices.setdefault(node.path, []).append(vertex)
        self._units = units

    def encoding(self, assigned: Mapping[int, str]) -> str:
        """A text that two assignments share exactly if one network results (within the labelling's budget).

        Args:
            assigned: for the index of each unit, the name of what it gets.
        """
        labels = list(self._structure.labels)
        for index, unit in enumerate(self._units):
            for vertex in self._vertices[unit.path]:
                labels[vertex] += f" {unit.inner}={assigned.get(index, '')}"
        marked = Structure(labels, self._structure.operands, self._structure.commutative, self._structure.sharing)
        return _encode(marked)


def _encode(structure: Structure) -> str:
    order = canonical_order(structure)
    line_of = {vertex: line for line, vertex in enumerate(order)}
    shares = {v: min(line_of[m] for m in members) for members in structure.sharing for v in members}
    digest = sha256()
    for vertex in order:
        read = [(line_of[o], which) for o, which in structure.operands[vertex]]
        if structure.commutative[vertex]:
            read.sort()
        digest.update(repr((structure.labels[vertex], read, shares.get(vertex))).encode())
    return digest.hexdigest()
