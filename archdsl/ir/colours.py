"""Colour refinement on structures: vertices that differ in what surrounds them get different colours.

A colour is a digest of the vertex's label, of the colours of what it reads and is read by (with positions), and of
those with which it shares weights; isomorphic structures get equal colours. One sweep in topological order and one
back carry a difference through the whole graph, so that few sweeps are needed, where rounds of Weisfeiler and Leman
need as many as the graph is deep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

from archdsl.ir.structure import Structure

SIZE = 16


def digest(data: bytes) -> bytes:
    """A colour made of other ones, all of fixed size."""
    return blake2b(data, digest_size=SIZE).digest()


def number(value: int) -> bytes:
    """A position, of fixed size."""
    return value.to_bytes(4, "big")


class Colouring:
    """Colours of all vertices of one structure, refined in place.

    Attributes:
        colours: for each vertex, its colour.
        group: for each vertex, the index of its set in `structure.sharing`, or -1.
        visits: how many vertices were coloured so far, the measure of work.
    """

    def __init__(self, structure: Structure):
        self.structure = structure
        initial = {label: digest(label.encode()) for label in set(structure.labels)}
        self.colours = [initial[label] for label in structure.labels]
        self.group = [-1] * len(self.colours)
        for index, members in enumerate(structure.sharing):
            for vertex in members:
                self.group[vertex] = index
        self.visits = 0
        self._reads = self._tagged_operands()
        self._read_by = self._readers()

    def refine(self, active: Sequence[int]) -> list[int]:
        """Refine the colours of the active vertices until no cell splits; the others' colours are fixed.

        Args:
            active: vertices in ascending order.

        Returns:
            The active vertices whose colour is not theirs alone; the others need not be refined again.
        """
        unsettled = list(active)
        cells = len({self.colours[v] for v in unsettled})
        while unsettled:
            self._up(unsettled)
            self._down(unsettled)
            self._share(unsettled)
            self.visits += 2 * len(unsettled)
            tally = Counter([self.colours[v] for v in unsettled])
            stable = len(tally) == cells
            unsettled = [v for v in unsettled if tally[self.colours[v]] > 1]
            if stable:
                break
            cells = sum(1 for count in tally.values() if count > 1)
        return unsettled

    def _tagged_operands(self) -> list[list[tuple[int, bytes]]]:
        """For each vertex what it reads: producer, and which of its outputs."""
        return [[(o, number(which)) for o, which in read] for read in self.structure.operands]

    def _readers(self) -> list[list[tuple[int, bytes]]]:
        """For each vertex what reads it: the reader, and as which operand (commutative ones make no difference)."""
        found: list[list[tuple[int, bytes]]] = [[] for _ in self.colours]
        for v, read in enumerate(self.structure.operands):
            commutes = self.structure.commutative[v]
            for position, (o, which) in enumerate(read):
                found[o].append((v, number(0 if commutes else position) + number(which)))
        return found

    def _up(self, active: Sequence[int]) -> None:
        colours, reads, commutative = self.colours, self._reads, self.structure.commutative
        for v in active:
            parts = [colours[o] + tag for o, tag in reads[v]]
            if commutative[v]:
                parts.sort()
            colours[v] = digest(colours[v] + b"".join(parts))

    def _down(self, active: Sequence[int]) -> None:
        colours, read_by = self.colours, self._read_by
        for v in reversed(active):
            parts = [colours[reader] + tag for reader, tag in read_by[v]]
            if len(parts) > 1:
                parts.sort()
            colours[v] = digest(colours[v] + b"".join(parts))

    def _share(self, active: Sequence[int]) -> None:
        touched = {self.group[v] for v in active}
        touched.discard(-1)
        colours = self.colours
        of_group = {g: digest(b"".join(sorted([colours[v] for v in self.structure.sharing[g]]))) for g in touched}
        for v in active:
            if self.group[v] >= 0:
                colours[v] = digest(colours[v] + of_group[self.group[v]])
