"""Where the vertices of a layered drawing stand from left to right.

Each row in turn is put as close as it can be to where its neighbours want it, without changing its order: least
squares under the constraint of order, solved exactly by pooling adjacent violators. Long edges and the trunk of the
network are threads: they pull hardest, and in the end each is drawn straight as far as there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from archdsl.report.layering import Layers

_ROUNDS = 12
_STRAIGHTENINGS = 3  # each makes room for the next
_GAP = 26.0
_DUMMY_GAP = 12.0

# How much an edge wants to be straight.
_THREAD = 64.0
_LOOSE = 1.0
_FREE = 0.01

# Where more boxes, or more edges, than this meet, none of them is the trunk: they stand around the middle.
_MOST_BOXES = 2
_MOST_EDGES = 3


class _Pull(NamedTuple):
    """How an edge draws a vertex: to `distance` right of its neighbour, which may stand above, with some weight."""

    neighbour: int
    distance: float
    above: bool
    weight: float


class _Segment(NamedTuple):
    """A part of an edge between neighbouring rows: the lower end wants to be `distance` right of the upper one."""

    upper: int
    lower: int
    distance: float


def placed(layers: Layers, widths: Sequence[float], offsets: Sequence[tuple[float, float]]) -> list[float]:
    """The centre of each vertex, the leftmost edge of all at 0.

    Args:
        layers: rows in their order.
        widths: of each vertex; dummies behind the real ones have none.
        offsets: for each edge, how far right of its ends' centres it leaves and arrives.
    """
    return _Placement(layers, widths, offsets).centres()


class _Placement:
    def __init__(self, layers: Layers, widths: Sequence[float], offsets: Sequence[tuple[float, float]]):
        self.layers = layers
        self.size = [*widths, *([0.0] * (len(layers.row_of) - len(widths)))]
        self.segments = _segments(layers, offsets)
        self.thread_below = _threads(layers, self.segments)
        self.pulls: list[list[_Pull]] = [[] for _ in self.size]
        for part in self.segments:
            weight = _THREAD if self.thread_below.get(part.upper) == part else _LOOSE
            self.pulls[part.lower].append(_Pull(part.upper, part.distance, True, weight))
            self.pulls[part.upper].append(_Pull(part.lower, -part.distance, False, weight))
        self.at = [0.0] * len(self.size)

    def centres(self) -> list[float]:
        for row in self.layers.rows:
            spots = self._spots(row)
            for v, spot in zip(row, spots, strict=True):
                self.at[v] = spot - spots[-1] / 2
        for turn in range(_ROUNDS):
            last = turn >= _ROUNDS - 4
            for down in (True, False):
                for row in self.layers.rows if down else self.layers.rows[::-1]:
                    self._settle(row, [[p for p in self.pulls[v] if last or p.above == down] for v in row])
        for _ in range(_STRAIGHTENINGS):
            self._straighten()
        left = min((x - width / 2 for x, width in zip(self.at, self.size, strict=True)), default=0.0)
        return [x - left for x in self.at]

    def _distance(self, left: int, right: int) -> float:
        """How far apart the centres of two neighbours in a row stand at least."""
        dummies = left >= self.layers.vertices and right >= self.layers.vertices
        return (self.size[left] + self.size[right]) / 2 + (_DUMMY_GAP if dummies else _GAP)

    def _spots(self, row: Sequence[int]) -> list[float]:
        """Centres of a row packed tightly, the first at 0."""
        spots = [0.0]
        for u, v in pairwise(row):
            spots.append(spots[-1] + self._distance(u, v))
        return spots[: len(row)]

    def _settle(self, row: Sequence[int], pulls: Sequence[Sequence[_Pull]]) -> None:
        """Move the vertices of one row to where the pulls want them, as far as their order allows."""
        spots = self._spots(row)
        blocks: list[tuple[float, float, int]] = []  # weighted mean, weight, how many vertices
        for v, spot, own in zip(row, spots, pulls, strict=True):
            weight = sum(p.weight for p in own)
            wanted = sum(p.weight * (self.at[p.neighbour] + p.distance) for p in own) / weight if own else self.at[v]
            mean, count = wanted - spot, 1
            weight = weight or _FREE
            while blocks and blocks[-1][0] > mean:
                before, heavy, many = blocks.pop()
                mean = (mean * weight + before * heavy) / (weight + heavy)
                weight, count = weight + heavy, count + many
            blocks.append((mean, weight, count))
        shifts = [mean for mean, _, count in blocks for _ in range(count)]
        for v, spot, shift in zip(row, spots, shifts, strict=True):
            self.at[v] = spot + shift

    def _straighten(self) -> None:
        """Give the vertices of each thread one place, where the neighbours in their rows leave room for it."""
        beside = {v: (u, w) for row in self.layers.rows for u, v, w in _triples(row)}
        followers = {part.lower for part in self.thread_below.values()}
        for start in [v for v in range(len(self.at)) if v not in followers and v in self.thread_below]:
            members, shifts = [start], [0.0]
            while members[-1] in self.thread_below:
                part = self.thread_below[members[-1]]
                members.append(part.lower)
                shifts.append(shifts[-1] + part.distance)
            self._straighten_thread(members, shifts, beside)

    def _straighten_thread(
        self, members: Sequence[int], shifts: Sequence[float], beside: dict[int, tuple[int, int]]
    ) -> None:
        start = 0
        while start < len(members):
            low, high, end = -inf, inf, start
            while end < len(members):
                v, shift = members[end], shifts[end]
                left, right = beside[v]
                least = self.at[left] + self._distance(left, v) - shift if left >= 0 else -inf
                most = self.at[right] - self._distance(v, right) - shift if right >= 0 else inf
                if max(low, least) > min(high, most) + 1e-6:
                    break
                low, high, end = max(low, least), min(high, most), end + 1
            end = max(end, start + 1)
            mean = sum(self.at[members[i]] - shifts[i] for i in range(start, end)) / (end - start)
            for i in range(start, end):
                if low <= high + 1e-6:
                    self.at[members[i]] = min(max(mean, low), high) + shifts[i]
            start = end


def _triples(row: Sequence[int]) -> list[tuple[int, int, int]]:
    """Each vertex of a row with its neighbours to the left and right, -1 for none."""
    padded = [-1, *row, -1]
    return [(padded[i], padded[i + 1], padded[i + 2]) for i in range(len(row))]


def _segments(layers: Layers, offsets: Sequence[tuple[float, float]]) -> list[_Segment]:
    segments = []
    for chain, (leave, arrive) in zip(layers.chains, offsets, strict=True):
        for upper, lower in pairwise(chain):
            distance = (leave if upper == chain[0] else 0.0) - (arrive if lower == chain[-1] else 0.0)
            segments.append(_Segment(upper, lower, distance))
    return segments


def _threads(layers: Layers, segments: Sequence[_Segment]) -> dict[int, _Segment]:
    """Segments that should be straight, by their upper end; no two of them begin or end at one vertex.

    First the insides of long edges, then the longest paths through the network.
    """
    reach = _reach(layers)

    def rank(part: _Segment) -> tuple[bool, int]:
        dummies = (part.upper >= layers.vertices) + (part.lower >= layers.vertices)
        return (dummies < 2, -reach[part.upper][0] - reach[part.lower][1])

    below: dict[int, _Segment] = {}
    ended: set[int] = set()
    for part in sorted(segments, key=rank):
        beside = (layers.below[part.upper], layers.above[part.lower])
        boxes = max(sum(v < layers.vertices for v in vertices) for vertices in beside)
        trunk = boxes <= _MOST_BOXES and max(map(len, beside)) <= _MOST_EDGES
        if part.upper not in below and part.lower not in ended and trunk:
            below[part.upper] = part
            ended.add(part.lower)
    return below


def _reach(layers: Layers) -> list[tuple[int, int]]:
    """For each vertex how many boxes lie on the longest path that ends there, and on the longest that starts there."""
    up, down = [0] * len(layers.row_of), [0] * len(layers.row_of)
    for row in layers.rows:
        for v in row:
            up[v] = max([up[u] for u in layers.above[v]], default=0) + (v < layers.vertices)
    for row in reversed(layers.rows):
        for v in row:
            down[v] = max([down[w] for w in layers.below[v]], default=0) + (v < layers.vertices)
    return list(zip(up, down, strict=True))
