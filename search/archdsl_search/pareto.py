"""Who is beaten by whom: fast non-dominated sorting and crowding (NSGA-II, Deb et al. 2002, sections III-A and B)."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

Point = Sequence[float]


def dominates(one: Point, other: Point) -> bool:
    """Whether `one` is at least as good everywhere and better somewhere; larger is better."""
    return all(a >= b for a, b in zip(one, other, strict=True)) and any(a > b for a, b in zip(one, other, strict=True))


def fronts(points: Sequence[Point]) -> list[list[int]]:
    """Positions of the points by front: the first is dominated by nobody, the next only by the first, and so on.

    Equal points share a front. Positions within a front are in order. O(M N^2) comparisons, O(N^2) memory at worst.
    """
    beaten_by = [0] * len(points)
    beats: list[list[int]] = [[] for _ in points]
    for i in range(len(points)):
        for j in range(i + 1, len(points)):
            if dominates(points[i], points[j]):
                beats[i].append(j)
                beaten_by[j] += 1
            elif dominates(points[j], points[i]):
                beats[j].append(i)
                beaten_by[i] += 1
    found: list[list[int]] = []
    front = [i for i, count in enumerate(beaten_by) if count == 0]
    while front:
        found.append(front)
        following = []
        for i in front:
            for j in beats[i]:
                beaten_by[j] -= 1
                if beaten_by[j] == 0:
                    following.append(j)
        front = sorted(following)
    return found


def first_front(points: Sequence[Point]) -> list[int]:
    """Positions of the points that nobody dominates, in order; equal points are all there.

    Looked through from the best first value down, against the front so far only; with two goals, against its last
    member.
    """
    order = sorted(range(len(points)), key=lambda i: tuple(-value for value in points[i]))
    front: list[int] = []
    for i in order:
        rivals = front[-1:] if len(points[i]) == 2 else front
        if not any(dominates(points[j], points[i]) for j in rivals):
            front.append(i)
    return sorted(front)


def crowding(points: Sequence[Point]) -> list[float]:
    """For each point of one front, how far apart its neighbours are, summed over the goals; infinite at the ends."""
    distance = [0.0] * len(points)
    for goal in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda i: points[i][goal])
        low, high = points[order[0]][goal], points[order[-1]][goal]
        distance[order[0]] = distance[order[-1]] = inf
        if high > low:
            for before, i, after in zip(order, order[1:], order[2:], strict=False):
                distance[i] += (points[after][goal] - points[before][goal]) / (high - low)
    return distance
