"""Reading a journal, while it is written or after a crash: its valid beginning, and one warning about the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from archdsl_search.errors import SearchError
from archdsl_search.journal.lines import DamagedLineError, decode
from archdsl_search.journal.records import Asked, Header, Record, Result, from_fields

NAME = "journal.jsonl"
# Of a canonical hash, as text.
HASH_DIGITS = 64


class Journal:
    """The journal of a run, read record by record: it may be larger than memory.

    Attributes:
        path: the file.
        header: the first record; None if not even that is whole.
        size: bytes of the valid beginning, as far as it was read.
        lines: how many lines that is.
        warning: what stands behind it, once all is read; empty if nothing does.
    """

    def __init__(self, run: Path):
        """Open it; `run` is the run's folder, or the journal itself.

        Raises:
            SearchError: if there is none.
        """
        self.path = run / NAME if run.is_dir() else run
        if not self.path.is_file():
            raise SearchError(f"{run}: there is no run here (no {NAME})")
        self.header: Header | None = None
        self.size = self.lines = 0
        self.warning = ""
        first = next(self.records(), None)
        self.header = first if isinstance(first, Header) else None

    def expect_a_beginning(self) -> None:
        """Make sure that this is a journal, of which at most the first line is still being written.

        Raises:
            SearchError: if the first line is something else, or damaged.
        """
        if self.header is None and b"\n" in self.path.read_bytes():
            message = "its first line, which says what is searched, is damaged, or this is no journal"
            raise SearchError(f"{self.path}: {message}: put it back from a copy; nothing in it is changed")

    def expect_header(self) -> Header:
        """The first record.

        Raises:
            SearchError: if it isn't there.
        """
        self.expect_a_beginning()
        if self.header is None:
            raise SearchError(f"{self.path}: not even its first line was written: remove it and start again")
        return self.header

    def records(self) -> Iterator[Record]:
        """Every record of the valid beginning, in order."""
        self.size = self.lines = 0
        self.warning = ""
        with self.path.open("rb") as file:
            for line in file:
                record = _record(line, first=self.lines == 0)
                if record is None:
                    self.warning = self._warning(line, sum(1 for _ in file))
                    return
                self.size += len(line)
                self.lines += 1
                yield record

    @property
    def names_hashes(self) -> bool:
        """Whether candidates are named by canonical hashes: by a version of archdsl that knew no shorter names."""
        asked = (record for record in self.records() if isinstance(record, Asked) and record.identity is not None)
        first = next(asked, None)
        return first is not None and len(first.identity or "") == HASH_DIGITS

    def results(self) -> Iterator[Result]:
        """The ends of trials, in order."""
        return (record for record in self.records() if isinstance(record, Result))

    def _warning(self, line: bytes, behind: int) -> str:
        good = f"({self.lines} lines are good)"
        if not line.endswith(b"\n"):
            return f"{self.path}: the last line was not written to its end and is ignored {good}"
        more = f" and the {behind} behind it" if behind else ""
        return f"{self.path}: line {self.lines + 1} is damaged; it{more} is ignored {good}"


def _record(line: bytes, first: bool) -> Record | None:
    """What a line says; None if it is damaged, or stands at the wrong place."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = from_fields(*decode(line[:-1]))
    except (DamagedLineError, KeyError, TypeError, ValueError):
        return None
    return record if isinstance(record, Header) == first else None
