"""Writing a journal: every line is on the disk before anybody acts on it; one driver at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archdsl_search.errors import SearchError
from archdsl_search.journal.lines import encode
from archdsl_search.journal.reader import NAME, Journal
from archdsl_search.journal.records import Record, to_fields

LOCK = "journal.lock"
# Locks of POSIX belong to a process: two drivers in one must be told apart here.
_HELD: set[str] = set()


class JournalError(Exception):
    """A line could not be written: the disk is full, or gone. What was written before is whole."""


class Lock:
    """At most one driver of a run, on any machine that sees its folder. Ends with the process, however that ends."""

    def __init__(self, run: Path):
        """Take it.

        Raises:
            SearchError: if another driver has it.
        """
        self._key = str((run / LOCK).resolve())
        if self._key in _HELD:
            raise SearchError(f"{run}: another driver of this program is at work here")
        self._file = os.open(run / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise SearchError(f"{run}: another driver is at work here; `archdsl search status` shows it") from None
        _HELD.add(self._key)

    def release(self) -> None:
        """Give it back."""
        _HELD.discard(self._key)
        os.close(self._file)


def is_locked(run: Path) -> bool:
    """Whether a driver is at work in this folder."""
    path = run / LOCK
    if str(path.resolve()) in _HELD:
        return True
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


class JournalWriter:
    """Appends to the journal of a run; holds its lock.

    Args:
        run: the folder; made if it is missing.
        journal: what is there already; it is read to its end, and what stands behind its valid beginning is put aside.

    Raises:
        SearchError: if another driver writes it.
        OSError: if it cannot be opened.
    """

    def __init__(self, run: Path, journal: Journal | None = None):
        run.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(run)
        try:
            if journal is not None:
                for _ in journal.records():  # only now: another driver may just have ended
                    pass
            self._open(run / NAME, journal.size if journal is not None else 0)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, path: Path, size: int) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        rest = os.pread(self._file, max(0, os.fstat(self._file).st_size - size), size)
        if b"\n" in rest:  # more than the line that a crash has cut: somebody may want to look at it
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            path.with_name(f"journal-damaged-{stamp}.jsonl").write_bytes(rest)
        os.ftruncate(self._file, size)
        self._size = size
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # a new file is only found again once its folder is on the disk
        finally:
            os.close(folder)

    def write(self, records: Sequence[Record], sync: bool = True) -> None:
        """Append lines, all of them or none.

        Args:
            sync: wait until they are on the disk.

        Raises:
            JournalError: if that fails; the file is as it was before.
        """
        lines = b"".join([encode(to_fields(record), dict(record.time)) for record in records])
        try:
            written = 0
            while written < len(lines):
                written += os.write(self._file, lines[written:])
            if sync:
                os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise JournalError(f"the journal cannot be written: {error.strerror}") from error
        self._size += len(lines)

    def close(self) -> None:
        """Write what is not on the disk yet, and let others write."""
        try:
            with suppress(OSError):
                os.fsync(self._file)
            os.close(self._file)
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.close()


def now() -> str:
    """This moment, as journals give it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamped(**details: Any) -> dict[str, Any]:
    """`time` of a record: this moment and further details."""
    return {"at": now(), **details}
