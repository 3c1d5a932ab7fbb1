"""Disjoint sets with union by path halving."""

from __future__ import annotations

from collections.abc import Iterable


class DisjointSets:
    """A partition of vertices, at first into single ones."""

    def __init__(self, members: Iterable[int]):
        self._parent = {v: v for v in members}

    def __contains__(self, v: int) -> bool:
        return v in self._parent

    def join(self, a: int, b: int) -> None:
        """Make one set of the sets of `a` and `b`."""
        self._parent[self._root(a)] = self._root(b)

    def joined(self, a: int, b: int) -> bool:
        """Whether `a` and `b` are in one set."""
        return self._root(a) == self._root(b)

    def classes(self) -> list[list[int]]:
        """The sets, each in the order in which its members were given."""
        found: dict[int, list[int]] = {}
        for v in self._parent:
            found.setdefault(self._root(v), []).append(v)
        return list(found.values())

    def _root(self, v: int) -> int:
        parent = self._parent
        while parent[v] != v:
            parent[v] = v = parent[parent[v]]
        return v
