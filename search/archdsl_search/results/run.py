"""A run as its journal has it: read live or after a crash, without Ray or torch, with nothing but the folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import archdsl
from archdsl_search.evaluators.keeping import WEIGHTS
from archdsl_search.journal.provenance import expect_unchanged
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.records import Asked, Header, Result, Session
from archdsl_search.journal.writer import is_locked
from archdsl_search.outcome import State
from archdsl_search.results.measured import FOLDER, Measured, measured

TRIALS = "trials"


class Run:
    """What a run's folder says.

    Attributes:
        folder: of the run.
        header: what is searched, and how.
        results: the ends of trials, in the order in which the searcher was told.
        sessions: when drivers began and ended.
        asked: how many trials the searcher was asked for.
        warning: what is wrong with the journal's end; empty if nothing is.
    """

    def __init__(self, folder: Path):
        """Read it.

        Raises:
            SearchError: if there is no run, or its journal's first line is not whole.
        """
        journal = Journal(folder)
        self.folder = folder if folder.is_dir() else folder.parent
        self.header: Header = journal.expect_header()
        self.results: list[Result] = []
        self.sessions: list[Session] = []
        self.asked = 0
        for record in journal.records():
            if isinstance(record, Result):
                self.results.append(record)
            elif isinstance(record, Session):
                self.sessions.append(record)
            elif isinstance(record, Asked) and record.identity is not None:
                self.asked = max(self.asked, record.trial + 1)
        self.warning = journal.warning

    @property
    def labels(self) -> tuple[str, ...]:
        """What each objective value is called."""
        return self.header.labels

    @property
    def sweep(self) -> Mapping[str, Any]:
        """The sweep with every option filled in."""
        return self.header.sweep

    @property
    def name(self) -> str:
        """What displays call it."""
        return str(self.sweep.get("name") or self.folder.resolve().name)

    @property
    def is_live(self) -> bool:
        """Whether a driver is at work on it."""
        return is_locked(self.folder)

    @cached_property
    def finished(self) -> list[Result]:
        """Trials with values, in order of their numbers; those whose result is that of an earlier one left out."""
        found = (r for r in self.results if r.state is State.FINISHED and r.objective is not None)
        return sorted((r for r in found if r.replayed is None), key=lambda r: r.trial)

    @cached_property
    def remeasured(self) -> dict[str, Measured]:
        """What further evaluations gave, by the candidates' identities."""
        return measured(self.folder / FOLDER)

    def space(self, params: Mapping[str, Any] | None = None, inputs: Mapping[str, Any] | None = None) -> archdsl.Space:
        """The space, with further parameters and shapes if given.

        Raises:
            archdsl.ArchdslError: if its file has gone or has mistakes.
            SearchError: if it has changed since the run began: what was found would be another network.
        """
        chosen = self.sweep["space"]
        space = archdsl.load_space(
            chosen["file"],
            {**chosen["params"], **(params or {})},
            chosen["decisions"],
            {**chosen["inputs"], **(inputs or {})},
        )
        expect_unchanged(space, self.header.space)
        return space

    def folder_of(self, result: Result) -> Path:
        """Where files of a trial are, if any were kept."""
        return self.folder / TRIALS / f"{result.trial:06d}"

    def weights_of(self, result: Result) -> Path | None:
        """The file with a trial's trained weights; None if none were kept."""
        path = self.folder_of(result) / WEIGHTS
        return path if path.is_file() else None
