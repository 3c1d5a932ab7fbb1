"""Layers of a drawing of a directed graph: which row a vertex stands in, and the order within each row.

The method of Sugiyama, Tagawa and Toda (1981): longest-path layers, dummy vertices where an edge crosses a row,
then sweeps that order each row by the barycentres of its neighbours and keep the order with the fewest crossings.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Edge = tuple[int, int]

_SWEEPS = 24


@dataclass
class Layers:
    """Vertices by row. Numbers from `vertices` on are dummies.

    Attributes:
        rows: vertex numbers from left to right, for each row from the top.
        row_of: row of each vertex.
        chains: for each edge the vertices it runs through, both ends included.
        below, above: neighbours of each vertex in the next and the previous row, dummies included.
    """

    vertices: int
    rows: list[list[int]]
    row_of: list[int]
    chains: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)


def layered(vertices: int, edges: Sequence[Edge], top: Sequence[int] = (), bottom: Sequence[int] = ()) -> Layers:
    """Put vertices 0, 1, ... in rows and order the rows.

    Args:
        vertices: how many there are.
        edges: from lower to higher numbers.
        top, bottom: vertices that stand alone in the first and the last row.
    """
    row_of = _rows(vertices, edges, top, bottom)
    layers = Layers(vertices, [[] for _ in range(max(row_of, default=-1) + 1)], row_of)
    layers.below = [[] for _ in range(vertices)]
    layers.above = [[] for _ in range(vertices)]
    for edge in edges:
        layers.chains.append(_chain(layers, edge))
    for vertex in _depth_first(layers):
        layers.rows[layers.row_of[vertex]].append(vertex)
    _order(layers)
    return layers


def _rows(vertices: int, edges: Sequence[Edge], top: Sequence[int], bottom: Sequence[int]) -> list[int]:
    before: list[list[int]] = [[] for _ in range(vertices)]
    after: list[list[int]] = [[] for _ in range(vertices)]
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    fixed = {*top, *bottom}
    start = 1 if top else 0
    row_of = [0] * vertices
    for v in range(vertices):
        if v not in fixed:
            row_of[v] = max([start, *(row_of[u] + 1 for u in before[v])])
    last = max([row_of[v] for v in range(vertices) if v not in fixed], default=start - 1)
    for v in bottom:
        row_of[v] = last + 1
    for v in top:
        row_of[v] = 0
    # What is read far below and reads little (a constant, a second input) goes down to where it is read.
    for v in reversed(range(vertices)):
        if v not in fixed and after[v] and len(before[v]) < len(after[v]) and not before[v]:
            row_of[v] = min(row_of[w] for w in after[v]) - 1
    return row_of


def _chain(layers: Layers, edge: Edge) -> list[int]:
    source, target = edge
    chain = [source]
    for row in range(layers.row_of[source] + 1, layers.row_of[target]):
        dummy = len(layers.row_of)
        layers.row_of.append(row)
        layers.below.append([])
        layers.above.append([])
        chain.append(dummy)
    chain.append(target)
    for upper, lower in pairwise(chain):
        layers.below[upper].append(lower)
        layers.above[lower].append(upper)
    return chain


def _depth_first(layers: Layers) -> list[int]:
    """Every vertex once, along paths: a first order in which the parts of a branch stand together."""
    seen: set[int] = set()
    found: list[int] = []
    for start in range(len(layers.row_of)):
        stack = [start] if not layers.above[start] else []
        while stack:
            v = stack.pop()
            if v not in seen:
                seen.add(v)
                found.append(v)
                stack.extend(reversed(layers.below[v]))
    return found


def _order(layers: Layers) -> None:
    best, fewest = [list(row) for row in layers.rows], _crossings(layers)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        rows = layers.rows if down else layers.rows[::-1]
        near = layers.above if down else layers.below
        for fixed, row in pairwise(rows):
            place = {v: i for i, v in enumerate(fixed)}
            own = {v: i for i, v in enumerate(row)}
            centres = {v: _mean([place[u] for u in near[v]], own[v]) for v in row}
            # Ties alternate their order, or a sweep could never undo a crossing of equals.
            row.sort(key=lambda v: (centres[v], own[v] if sweep % 4 < 2 else -own[v]))
        _exchange(layers)
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(row) for row in layers.rows], crossings
    layers.rows[:] = best


def _mean(values: Sequence[int], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _exchange(layers: Layers) -> None:
    """Exchange neighbours in a row where that removes crossings."""
    for number, row in enumerate(layers.rows):
        up = {v: i for i, v in enumerate(layers.rows[number - 1])} if number else {}
        down = {v: i for i, v in enumerate(layers.rows[number + 1])} if number + 1 < len(layers.rows) else {}
        for i in range(len(row) - 1):
            a, b = row[i], row[i + 1]
            kept = _between(layers.above[a], layers.above[b], up) + _between(layers.below[a], layers.below[b], down)
            swapped = _between(layers.above[b], layers.above[a], up) + _between(layers.below[b], layers.below[a], down)
            if swapped < kept:
                row[i], row[i + 1] = b, a


def _between(left: Sequence[int], right: Sequence[int], place: dict[int, int]) -> int:
    """Crossings of the edges of two neighbours, `left` standing to the left."""
    return sum(place[u] > place[w] for u in left for w in right)


def _crossings(layers: Layers) -> int:
    total = 0
    for upper, lower in pairwise(layers.rows):
        place = {v: i for i, v in enumerate(lower)}
        seen: list[int] = []
        for v in upper:
            ends = sorted(place[w] for w in layers.below[v])
            for end in ends:
                total += len(seen) - bisect_left(seen, end + 1)
            for end in ends:
                insort(seen, end)
    return total
