"""The nearest valid word to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 64


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` was probably meant to be, or an empty string if none is near.

    Words are near that differ in a third of their letters at most (one letter in short words), counting inserted,
    dropped, changed and swapped letters; upper case, `-` and `_` do not count. The first of several equally near wins.
    """
    if not word or len(word) > _LONGEST:
        return ""
    wanted = _plain(word)
    best, best_distance = "", max(1, len(wanted) // 3) + 1
    for candidate in known:
        if abs(len(candidate) - len(word)) <= best_distance + 2 and len(candidate) <= _LONGEST:
            distance = _distance(wanted, _plain(candidate), best_distance)
            if distance < best_distance and distance < len(wanted):
                best, best_distance = candidate, distance
    return best


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _distance(a: str, b: str, bound: int) -> int:
    """The optimal string alignment distance of two words, or `bound` if it is at least that."""
    if abs(len(a) - len(b)) >= bound:
        return bound
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and other == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) >= bound:
            return bound
        before, previous = previous, row
    return min(previous[-1], bound)
