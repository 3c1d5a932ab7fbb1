"""NAS-Bench-201 in memory: measured numbers, identities and paths of all 15,625 architectures.

Identities and paths are those of the shipped space file, computed once and kept (one cell in each stage instead of
five: the same classes, since all cells of an architecture are alike).
"""

from __future__ import annotations

import csv
import gzip
import json
from itertools import product
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from archdsl_search.candidate import Candidate
from archdsl_search.testing.program_space import Decide, ProgramSpace

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
CLASSES = 7_031
Key = tuple[str, ...]


class TableSpace(ProgramSpace):
    """The space: six decisions; identity and paths are looked up."""

    def __init__(self, names: list[str], described: dict[Key, tuple[str, frozenset[str]]]):
        super().__init__(self._program)
        self.names = names
        self.described = described

    def _program(self, decide: Decide) -> str:
        return self.described[tuple([str(decide(name, list(OPERATIONS))) for name in self.names])][0]

    def paths(self, candidate: Candidate) -> frozenset[str]:
        """The paths through the searched cell."""
        return self.described[key_of(candidate)][1]


def key_of(candidate: Candidate) -> Key:
    """The operations of a candidate, in the order of decisions."""
    return tuple([str(label) for label in candidate.decisions.values()])


def measured(path: Path) -> dict[Key, dict[str, float]]:
    """The rows of the table by their operations."""
    found = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            edges = [edge for node in row.pop("arch").split("+") for edge in node.strip("|").split("|")]
            found[tuple(edge.split("~")[0] for edge in edges)] = {name: float(text) for name, text in row.items()}
    return found


def space(kept: Path, processes: int) -> TableSpace:
    """The space, from `kept` if it was computed earlier."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_described(processes))
        with gzip.open(kept, "wt", encoding="utf-8") as file:
            file.write(text)
    with gzip.open(kept, "rt", encoding="utf-8") as file:
        told: dict[str, Any] = json.load(file)
    described = {tuple(key.split()): (one, frozenset(paths)) for key, (one, paths) in told["described"].items()}
    assert len({identity for identity, _ in described.values()}) == CLASSES
    return TableSpace(told["names"], described)


def _described(processes: int) -> dict[str, Any]:
    print("identities and paths of 15,625 graphs, once", flush=True)
    with Pool(processes) as pool:
        parts = pool.map(_describe, OPERATIONS, chunksize=1)
    return {"names": parts[0][0], "described": {key: value for _, part in parts for key, value in part.items()}}


def _describe(first: str) -> tuple[list[str], dict[str, tuple[str, list[str]]]]:
    """All architectures with one operation on the first edge."""
    import archdsl
    from archdsl_search.space.spec_space import SpecSpace

    whole = SpecSpace(archdsl.load_space("nasbench201", params={"repeats": 1}))
    names = list(next(whole.enumerate()).decisions)
    found = {}
    for rest in product(OPERATIONS, repeat=len(names) - 1):
        candidate = whole.candidate(dict(zip(names, (first, *rest), strict=True)))
        found[" ".join(key_of(candidate))] = (candidate.identity, sorted(whole.paths(candidate)))
    return names, found
