"""A module of theirs on a stretch of our units, and what can be said of several of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TypeAlias

from archdsl.conversion.names import Tree
from archdsl.conversion.numbering import series
from archdsl.conversion.queues import Queue

MOST_SERIES = 16

Numbered: TypeAlias = "dict[tuple[int, ...], range]"


@dataclass(slots=True, eq=False)
class Arrangement:
    """A module on a stretch of our units.

    Attributes:
        tree: the module.
        at: where its stretch begins.
        parts: its children with their stretches, in our order.
        evidence: how much of the graph speaks for it, its parts included.
        strain: how far the names had to be read otherwise than they are written, its parts included.
        rivals: other arrangements of the same module here with as much evidence.
        alike: pairs of children that could change places.
        incomplete: whether there were more arrangements than were compared, so that a better one may exist.
    """

    tree: Tree
    at: int
    parts: tuple[Arrangement, ...] = ()
    evidence: int = 0
    strain: int = 0
    rivals: tuple[Arrangement, ...] = ()
    alike: tuple[tuple[Arrangement, Arrangement], ...] = ()
    incomplete: bool = False

    @property
    def stretch(self) -> range:
        """Our units that it takes."""
        return range(self.at, self.at + self.tree.size)

    def leaves(self) -> Iterator[tuple[Tree, int]]:
        """Each leaf with the index of its unit."""
        stack = [self]
        while stack:
            each = stack.pop()
            if not each.parts:
                yield each.tree, each.at
            stack.extend(reversed(each.parts))

    def modules(self) -> Iterator[Arrangement]:
        """The arrangements of all modules below it, itself first."""
        stack = [self]
        while stack:
            each = stack.pop()
            yield each
            stack.extend(reversed(each.parts))


def numbered(parts: Sequence[Arrangement]) -> list[Numbered]:
    """The numbered series among the children, and the children that are lists: stretch by number."""
    series_of: dict[str, Numbered] = {}
    for part in parts:
        stem, place = series(part.tree.name)
        if place:
            series_of.setdefault(stem, {})[place] = part.stretch
    lists = [{series(inner.tree.name)[1]: inner.stretch for inner in part.parts} for part in parts if part.tree.is_list]
    return [*series_of.values(), *lists][:MOST_SERIES]


def alike(parts: Sequence[Arrangement], queues: Sequence[Queue]) -> tuple[tuple[Arrangement, Arrangement], ...]:
    placed = {part.tree: part for part in parts}
    return tuple((placed[a], placed[b]) for queue in queues if not queue.counted for a, b in pairwise(queue.members))


def inversions(parts: Sequence[Arrangement]) -> int:
    """How many pairs stand in another order than in the file."""
    firsts = [part.tree.first for part in parts]
    return sum(a > b for a, b in combinations(firsts, 2))
