"""Canonical labelling: an order of the vertices that is the same for isomorphic structures.

Colours alone tie vertices that look alike: the members of identical branches, but also vertices that no isomorphism
maps to each other. So, where colours stop splitting, the search begins:

- Vertices with a colour of their own are settled. The others fall apart into components that touch each other only
  through settled ones; each component is ordered by itself, and components are sorted by their encoding, a digest of
  all that holds in them. Components with equal encodings can be swapped, so that identical branches cost nothing.
- In a component where every colour is tied, one vertex of the smallest cell after the other is made different from
  the rest, the component is ordered again, and the smallest encoding wins. Two vertices that give the same encoding
  are mapped to each other by an automorphism; a vertex in the orbit of one that was tried is not tried again.

This is individualisation and refinement (McKay and Piperno, "Practical graph isomorphism II", 2014) on components.
Past a budget of work ties are broken by the order of the nodes: then isomorphic structures may get different orders,
but whoever encodes the whole structure in this order still never gives two different structures one encoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from archdsl.ir.colours import Colouring, digest, number
from archdsl.ir.disjoint_sets import DisjointSets
from archdsl.ir.structure import Structure

# Vertices that may be coloured, beyond a few times for each one: about three seconds.
BUDGET = 1_000_000
DEEPEST = 100


def canonical_order(structure: Structure) -> list[int]:
    """All vertices, in an order that isomorphic structures share up to isomorphism (within the budget)."""
    vertices = range(len(structure.labels))
    search = _Search(structure, BUDGET + 8 * len(vertices))
    return search.ordered(vertices, thorough=True)


class _Search:
    """One labelling. `thorough` methods find the canonical order; the others any order, cheaply."""

    def __init__(self, structure: Structure, budget: int):
        self.structure = structure
        self.colouring = Colouring(structure)
        self.colours = self.colouring.colours
        self.budget = budget
        self.depth = 0

    def ordered(self, active: Sequence[int], thorough: bool) -> list[int]:
        """Refine the active vertices and order them: settled ones by colour, then components by encoding."""
        tied = self.colouring.refine(active)
        inside = set(tied)
        order = sorted([v for v in active if v not in inside], key=self.colours.__getitem__)
        if tied:
            found = [self.component(part, thorough) for part in self.components(tied)]
            found.sort(key=lambda each: each[0])
            for _, part in found:
                order += part
        return order

    def components(self, tied: Sequence[int]) -> Iterable[list[int]]:
        """The tied vertices in sets that have nothing to do with each other, each in ascending order."""
        sets = DisjointSets(tied)
        for v in tied:
            for o, _ in self.structure.operands[v]:
                if o in sets:
                    sets.join(v, o)
        for members in self.deciding_groups(tied):
            for v in members[1:]:
                sets.join(members[0], v)
        return sets.classes()

    def deciding_groups(self, tied: Sequence[int]) -> list[list[int]]:
        """Tied members of sharing sets that say more than colours do: one colour, several sets."""
        groups: dict[int, list[int]] = {}
        of_colour: dict[bytes, int] = {}
        deciding: set[int] = set()
        for v in tied:
            group = self.colouring.group[v]
            if group < 0:
                continue
            groups.setdefault(group, []).append(v)
            other = of_colour.setdefault(self.colours[v], group)
            if other != group:
                deciding.update((other, group))
        return [groups[group] for group in deciding]

    def component(self, part: list[int], thorough: bool) -> tuple[bytes, list[int]]:
        """Encoding and order of one component; the colours are as before afterwards."""
        cells: dict[bytes, list[int]] = {}
        for v in part:
            cells.setdefault(self.colours[v], []).append(v)
        if len(cells) == len(part):
            order = sorted(part, key=self.colours.__getitem__)
        elif self.spent() or self.depth >= DEEPEST:
            order = sorted(part, key=lambda v: (self.colours[v], v))
        elif any(len(cell) == 1 for cell in cells.values()):
            order = self.again(part, None, thorough)  # what is alone here is settled here
        else:
            target = min(cells.items(), key=lambda item: (len(item[1]), item[0]))[1]
            order = self.best(part, target) if thorough else self.again(part, target[0], thorough)
        return self.encoding(order), order

    def best(self, part: list[int], target: list[int]) -> list[int]:
        """The order with the smallest encoding over all choices of a vertex in the target cell."""
        orbits = DisjointSets(target)
        tried: dict[bytes, list[int]] = {}
        seen: list[int] = []
        for v in target:
            if tried and self.spent():
                break
            if any(orbits.joined(v, other) for other in seen):
                continue
            seen.append(v)
            for thorough in (False, True) if tried else (True,):
                order = self.again(part, v, thorough)
                encoding = self.encoding(order)
                if encoding in tried:
                    _join_orbits(orbits, tried[encoding], order)
                    break
            else:
                tried[encoding] = order
        return tried[min(tried)]

    def spent(self) -> bool:
        """Whether the budget is used up."""
        return self.colouring.visits > self.budget

    def again(self, part: list[int], chosen: int | None, thorough: bool) -> list[int]:
        """Order the component anew, with the chosen vertex made different from all others."""
        before = [self.colours[v] for v in part]
        if chosen is not None:
            self.colours[chosen] = digest(b"chosen" + self.colours[chosen])
        self.depth += 1
        order = self.ordered(part, thorough)
        self.depth -= 1
        for v, colour in zip(part, before, strict=True):
            self.colours[v] = colour
        return order

    def encoding(self, order: Sequence[int]) -> bytes:
        """Digest of everything about these vertices: colours and operands, the ones among them by place in `order`."""
        self.colouring.visits += len(order)
        place = {v: number(index) for index, v in enumerate(order)}
        first_of_group: dict[int, bytes] = {}
        encoded = blake2b(digest_size=32)
        for v in order:
            parts = [
                (b"i" + place[o] if o in place else b"o" + self.colours[o]) + number(which)
                for o, which in self.structure.operands[v]
            ]
            if self.structure.commutative[v]:
                parts.sort()
            group = self.colouring.group[v]
            shared = b"" if group < 0 else first_of_group.setdefault(group, place[v])
            encoded.update(self.colours[v] + number(len(parts)) + b"".join(parts) + b"s" + shared)
        return encoded.digest()


def _join_orbits(orbits: DisjointSets, one: Sequence[int], other: Sequence[int]) -> None:
    """Two orders with one encoding: the map from one to the other is an automorphism."""
    for v, image in zip(one, other, strict=True):
        if v in orbits:
            orbits.join(v, image)
