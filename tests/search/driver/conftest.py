"""A small space, sweeps over it, and an engine that a test scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archdsl_search.engines.base import Ending, Engine
from archdsl_search.evaluators.base import Job
from archdsl_search.journal.records import Record
from archdsl_search.outcome import State
from archdsl_search.space.spec_space import SpecSpace
from archdsl_search.sweep.loading import sweep_of
from archdsl_search.sweep.parts import Parts, put_together

# Conditional decisions, equal graphs by several decisions (`nothing` is `also_nothing`), sizes from 20 to 1,220.
SPACE = """archdsl: 1
name: small
inputs: {x: [4, 8, 8]}
params: {depth: {choose: [1, 2, 3]}}
graph:
  - for: {i: depth}
    do:
      - conv2d: {out_channels: {choose: [4, 8, 16]}, kernel_size: {choose: [1, 3]}, padding: half}
        name: conv
  - choose:
      nothing: []
      also_nothing: identity
      relu: relu
    name: act
"""


def score(job: Job) -> float:
    """A number that the graph decides."""
    return int.from_bytes(sha256(job.identity.encode()).digest()[:4]) / 2**32


def succeed(job: Job) -> Ending:
    """Every evaluation works."""
    return Ending(job.trial, State.FINISHED, {"accuracy": score(job), "test_accuracy": 1.0}, seconds=0.5, worker="w")


class ScriptedEngine(Engine):
    """Ends jobs in an order that depends on which are there, not on when they came."""

    def __init__(self, slots: int = 1, answer: Callable[[Job], Ending] = succeed):
        self.answer = answer
        self.jobs: dict[int, Job] = {}
        self.submitted: list[Job] = []
        self.most = 0
        self._slots = slots

    @property
    def slots(self) -> int:
        return self._slots

    def submit(self, jobs: Sequence[Job]) -> None:
        self.submitted += jobs
        self.jobs.update({job.trial: job for job in jobs})
        self.most = max(self.most, len(self.jobs))

    def wait(self, timeout: float) -> list[Ending]:
        if not self.jobs:
            return []
        trial = min(self.jobs, key=lambda t: sha256(str(t).encode()).digest())
        return [self.answer(self.jobs.pop(trial))]

    def close(self, grace: float) -> None:
        self.jobs.clear()


class Lines:
    """A log in memory."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, records: Sequence[Record], sync: bool = True) -> None:
        self.records += records


@pytest.fixture(scope="session")
def space_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("space") / "small.yaml"
    path.write_text(SPACE, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def known_spaces() -> dict[str, SpecSpace]:
    """Spaces by rule of identity: what one test has elaborated, others need not."""
    return {}


MakeParts = Callable[..., Parts]


@pytest.fixture
def make_parts(space_file: Path, known_spaces: dict[str, SpecSpace]) -> MakeParts:
    """Makes the parts of a sweep over the small space; arguments are keys of the sweep."""

    def made(**changes: Any) -> Parts:
        data: Mapping[str, Any] = {
            "space": str(space_file),
            "searcher": {"name": "random", "distinct": False},
            "evaluator": "function",
            "objective": {"name": "maximize", "metric": "accuracy"},
            "budget": {"trials": 20},
            **changes,
        }
        rule = data.get("identity", "graph")
        parts = put_together(sweep_of(data), evaluate=lambda module: 0.0, space=known_spaces.get(rule))
        known_spaces.setdefault(rule, parts.space)
        return parts

    return made
