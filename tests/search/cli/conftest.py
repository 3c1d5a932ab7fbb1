"""A small space, a table of all its candidates, a sweep over them, and the command line."""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

import archdsl
from archdsl.cli.main import main
from archdsl_search.space.identity import by_decisions
from archdsl_search.space.spec_space import SpecSpace

SPACE = """archdsl: 1
name: small
inputs: {x: [4, 8, 8]}
graph:
  - for: {i: {choose: [1, 2]}}
    do:
      - conv2d: {out_channels: {choose: [4, 8]}, kernel_size: {choose: [1, 3]}, padding: half}
        name: conv
    name: depth
  - choose: {nothing: [], also_nothing: identity, relu: relu}
    name: act
"""

SWEEP = """sweep: 1
name: a small search
space: spaces/small.yaml
searcher: {name: random, distinct: false}
evaluator: {name: table, table: table.csv.gz, column: val_acc_e10}
budget: {trials: 12}
"""


@dataclass
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Calls `archdsl search`."""

    def called(*arguments: object) -> Said:
        status = main(["search", *map(str, arguments)])
        out, err = capfd.readouterr()
        return Said(status, out, err)

    return called


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with space, table and sweep."""
    spaces = tmp_path / "spaces"
    spaces.mkdir()
    (spaces / "small.yaml").write_text(SPACE, encoding="utf-8")
    (tmp_path / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    _write_table(spaces / "small.yaml", tmp_path / "table.csv.gz")
    return tmp_path


def _write_table(space: Path, path: Path) -> None:
    rng = Random(0)
    candidates = list(SpecSpace(archdsl.load_space(space), by_decisions).enumerate())
    names = list(dict.fromkeys(name for candidate in candidates for name in candidate.decisions))
    measured = ["val_acc_e10", "test_acc_e10", "train_seconds_per_epoch", "valid_seconds_per_epoch"]
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["decisions:" + name for name in names] + measured)
        for candidate in candidates:
            labels = [candidate.decisions.get(name, "") for name in names]
            accuracy = round(rng.uniform(10, 90), 3)
            rows.writerow([*labels, accuracy, accuracy - 1, 2.5, 0.5])


def environment() -> dict[str, str]:
    """For programs that tests start: they find what this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
