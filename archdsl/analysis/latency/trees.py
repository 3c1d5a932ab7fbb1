"""Boosted regression trees as plain numbers: evaluated with numpy, stored as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

MOST_NODES = 2_000_000


@dataclass(frozen=True)
class Trees:
    """A sum of trees and a constant.

    Attributes:
        base: the constant.
        roots: the node at which each tree starts.
        feature: for each node the feature that it asks for; -1 for a leaf.
        threshold: of that feature: up to it the way goes left, above it right; the value of a leaf.
        left, right: the nodes that follow; a leaf's are itself.
    """

    base: float
    roots: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        import numpy as np

        whole = (self.roots, self.feature, self.left, self.right)
        roots, feature, left, right = (np.array(column, dtype=np.int64) for column in whole)
        return roots, feature, np.array(self.threshold), left, right

    def predict(self, rows: Matrix) -> Matrix:
        """The value of each row of features."""
        import numpy as np

        roots, feature, threshold, left, right = self._arrays
        if not len(rows) or not len(roots):
            return np.full(len(rows), self.base)
        at = np.repeat(roots[None, :], len(rows), axis=0)
        number = np.arange(len(rows))[:, None]
        while True:
            asked = feature[at]
            if (asked < 0).all():
                return np.asarray(self.base + threshold[at].sum(axis=1))
            goes_left = rows[number, np.maximum(asked, 0)] <= threshold[at]
            at = np.where(asked < 0, at, np.where(goes_left, left[at], right[at]))

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        columns = ("roots", "feature", "threshold", "left", "right")
        return {"base": self.base, **{name: list(getattr(self, name)) for name in columns}}

    @classmethod
    def of_dict(cls, found: dict[str, Any], features: int) -> Trees:
        """From plain data.

        Raises:
            ValueError: if they are no trees over so many features.
        """
        whole = {name: _whole(found.get(name), name) for name in ("roots", "feature", "left", "right")}
        threshold = found.get("threshold")
        count = len(whole["feature"])
        if not isinstance(threshold, list) or not {len(threshold), len(whole["left"]), len(whole["right"])} == {count}:
            raise ValueError("the columns of a tree have different lengths")
        numbers = [found.get("base"), *threshold]
        if not all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) < 1e9 for x in numbers):
            raise ValueError("a threshold is no number")
        # Children stand behind their parents: no way leads back, so that every walk ends.
        for i, (asked, left, right) in enumerate(zip(whole["feature"], whole["left"], whole["right"], strict=True)):
            ahead = i < left < count and i < right < count
            if not (-1 <= asked < features) or not (ahead if asked >= 0 else left == right == i):
                raise ValueError(f"node {i} of the trees leads nowhere")
        if not all(0 <= root < count for root in whole["roots"]):
            raise ValueError("a tree has no root")
        columns = (whole["roots"], whole["feature"], list(map(float, threshold)), whole["left"], whole["right"])
        return cls(float(found["base"]), *map(tuple, columns))  # type: ignore[arg-type]


def _whole(found: Any, name: str) -> list[int]:
    if not isinstance(found, list) or len(found) > MOST_NODES or not all(type(x) is int for x in found):
        raise ValueError(f"`{name}` must be a list of whole numbers")
    return found


def joined(base: float, trees: Sequence[tuple[Sequence[int], Sequence[float], Sequence[int], Sequence[int]]]) -> Trees:
    """One table of several trees, each with features (-1 for leaves), thresholds or values, and children."""
    roots: list[int] = []
    columns: tuple[list[int], list[float], list[int], list[int]] = ([], [], [], [])
    for feature, threshold, left, right in trees:
        start = len(columns[0])
        roots.append(start)
        columns[0].extend(feature)
        columns[1].extend(threshold)
        for column, children in ((columns[2], left), (columns[3], right)):
            column.extend(start + (i if feature[i] < 0 else child) for i, child in enumerate(children))
    feature_column, threshold_column, left_column, right_column = columns
    return Trees(
        base, tuple(roots), tuple(feature_column), tuple(threshold_column), tuple(left_column), tuple(right_column)
    )
