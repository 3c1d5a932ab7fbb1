"""Candidates as sets of features: decided options, how often each was taken, and paths of operations.

How often: `conv3 0`, `conv3 1` for one that was taken twice. Two candidates with the same operations at other places
have nearly nothing else in common, and are often worth nearly the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from archdsl_search.candidate import Candidate
from archdsl_search.space.search_space import DescribedSpace, SearchSpace

Counts = npt.NDArray[np.intp]
Rows = npt.NDArray[np.float32]
COLUMNS = 1024
# Candidates that there is room for at first.
ROOM = 256


@dataclass(frozen=True, eq=False, slots=True)
class Encoded:
    """A candidate, and in which row its features stand."""

    candidate: Candidate
    row: int


class Encoder:
    """Turns candidates into features: by encoding 1 in the columns that a candidate has, a row of one array for all.

    Columns are numbered as they are met, the first 1024; later ones share those.
    """

    def __init__(self, space: SearchSpace, encoding: str):
        self._described = space if isinstance(space, DescribedSpace) and encoding != "decisions" else None
        with_decisions = encoding != "paths" or self._described is None
        self.encodings = [
            *(["decisions"] if with_decisions else []),
            *(["labels"] if encoding == "auto" else []),
            *(["paths"] if self._described else []),
        ]
        self._columns: dict[str, dict[str, int]] = {name: {} for name in self.encodings}
        self._rows: dict[str, Rows] = {name: np.zeros((ROOM, COLUMNS), np.float32) for name in self.encodings}
        self._free = list(range(ROOM))

    def encode(self, candidate: Candidate) -> Encoded:
        """The features of a candidate."""
        if not self._free:
            self._grow()
        row = self._free.pop()
        if "decisions" in self._columns:
            self._write("decisions", row, (f"{name}={label!r}" for name, label in candidate.decisions.items()))
        if "labels" in self._columns:
            times = Counter(map(repr, candidate.decisions.values()))
            self._write("labels", row, (f"{label} {n}" for label, most in times.items() for n in range(most)))
        if self._described is not None:
            self._write("paths", row, sorted(self._described.paths(candidate)))
        return Encoded(candidate, row)

    def release(self, encoded: Encoded) -> None:
        """Its features are not needed any more."""
        self._free.append(encoded.row)

    def _grow(self) -> None:
        for name, rows in self._rows.items():
            self._rows[name] = np.concatenate([rows, np.zeros_like(rows)])
        self._free += range(len(rows), 2 * len(rows))

    def _write(self, encoding: str, row: int, names: Iterable[str]) -> None:
        columns, features = self._columns[encoding], self._rows[encoding][row]
        features[...] = 0.0
        features[[_column(columns, name) for name in names]] = 1.0

    def distances(self, encoding: str, ones: Sequence[Encoded], others: Sequence[Encoded]) -> Counts:
        """How many features each pair does not share, [len(ones), len(others)]."""
        used = len(self._columns[encoding])
        rows = self._rows[encoding][:, :used]
        a = rows[[member.row for member in ones]]
        b = a if others is ones else rows[[member.row for member in others]]
        found: Counts = (a.sum(1)[:, None] + b.sum(1)[None, :] - 2 * (a @ b.T)).astype(np.intp)
        return found


def _column(columns: dict[str, int], name: str) -> int:
    found = columns.get(name)
    if found is not None:
        return found
    if len(columns) < COLUMNS:
        return columns.setdefault(name, len(columns))
    return crc32(name.encode()) % COLUMNS
