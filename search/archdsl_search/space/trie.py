"""What is known about a space: the way from its first decision to each candidate that was elaborated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from archdsl import Decision

L = TypeVar("L")


class Branch(Generic[L]):
    """A decision that is reached after the outcomes that lead here.

    Attributes:
        point: the decision.
        children: what follows each outcome that was tried, by its number.
    """

    __slots__ = ("children", "point")

    def __init__(self, point: Decision):
        self.point = point
        self.children: dict[int, Branch[L] | L] = {}


class Trie(Generic[L]):
    """Prefixes of outcomes, down to leaves.

    What follows a sequence of outcomes never changes, so a known way is walked without elaborating anything. Memory
    is bounded: when `capacity` branches are there, all are forgotten.
    """

    def __init__(self, capacity: int):
        self._capacity = capacity
        self._root: Branch[L] | L | None = None
        self._branches = 0

    def walk(self, choose: Callable[[Decision], int]) -> tuple[L | None, list[int]]:
        """Follow the outcomes that `choose` gives as far as they are known.

        Returns:
            The leaf, None if the way is not known to its end; and the outcomes chosen so far.
        """
        taken: list[int] = []
        node = self._root
        while isinstance(node, Branch):
            outcome = choose(node.point)
            taken.append(outcome)
            node = node.children.get(outcome)
        return node, taken

    def add(self, points: Sequence[Decision], outcomes: Sequence[int], leaf: L) -> None:
        """Remember a whole way."""
        if self._branches + len(points) > self._capacity:
            self._root, self._branches = None, 0
        if not points:
            self._root = leaf
            return
        if not isinstance(self._root, Branch):
            self._root = self._branch(points[0])
        node = self._root
        for outcome, point in zip(outcomes[:-1], points[1:], strict=True):
            below = node.children.get(outcome)
            if not isinstance(below, Branch):
                below = node.children[outcome] = self._branch(point)
            node = below
        node.children[outcomes[-1]] = leaf

    def _branch(self, point: Decision) -> Branch[L]:
        self._branches += 1
        return Branch(point)
