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
Row = npt.NDArray[np.float32]
COLUMNS = 1024


@dataclass(frozen=True, eq=False, slots=True)
class Encoded:
    """A candidate and its features by encoding: 1 in the columns that it has, [1024]."""

    candidate: Candidate
    rows: dict[str, Row]


class Encoder:
    """Turns candidates into features. Columns are numbered as they are met, the first 1024; later ones share those."""

    def __init__(self, space: SearchSpace, encoding: str):
        self._described = space if isinstance(space, DescribedSpace) and encoding != "decisions" else None
        with_decisions = encoding != "paths" or self._described is None
        self.encodings = [
            *(["decisions"] if with_decisions else []),
            *(["labels"] if encoding == "auto" else []),
            *(["paths"] if self._described else []),
        ]
        self._columns: dict[str, dict[str, int]] = {name: {} for name in self.encodings}

    def encode(self, candidate: Candidate) -> Encoded:
        """The features of a candidate."""
        found = {}
        if "decisions" in self._columns:
            told = (f"{name}={label!r}" for name, label in candidate.decisions.items())
            found["decisions"] = self._row("decisions", told)
        if "labels" in self._columns:
            times = Counter(map(repr, candidate.decisions.values()))
            told = (f"{label} {n}" for label, most in times.items() for n in range(most))
            found["labels"] = self._row("labels", told)
        if self._described is not None:
            found["paths"] = self._row("paths", sorted(self._described.paths(candidate)))
        return Encoded(candidate, found)

    def _row(self, encoding: str, names: Iterable[str]) -> Row:
        columns = self._columns[encoding]
        row = np.zeros(COLUMNS, np.float32)
        row[[_column(columns, name) for name in names]] = 1.0
        return row

    def distances(self, encoding: str, ones: Sequence[Encoded], others: Sequence[Encoded]) -> Counts:
        """How many features each pair does not share, [len(ones), len(others)]."""
        used = len(self._columns[encoding])
        a = _stacked(encoding, ones)[:, :used]
        b = a if others is ones else _stacked(encoding, others)[:, :used]
        found: Counts = (a.sum(1)[:, None] + b.sum(1)[None, :] - 2 * (a @ b.T)).astype(np.intp)
        return found


def _stacked(encoding: str, members: Sequence[Encoded]) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = np.concatenate([member.rows[encoding] for member in members])
    return found.reshape(-1, COLUMNS)


def _column(columns: dict[str, int], name: str) -> int:
    found = columns.get(name)
    if found is not None:
        return found
    if len(columns) < COLUMNS:
        return columns.setdefault(name, len(columns))
    return crc32(name.encode()) % COLUMNS
