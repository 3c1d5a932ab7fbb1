"""Whether what a run was made from is what it was: the space, and the files that the evaluator reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path

import archdsl
from archdsl_search.errors import SearchError


def expect_unchanged(space: archdsl.Space, recorded: str) -> None:
    """Make sure that the files of a space are those of a run's journal.

    Args:
        recorded: `space.digest` when the run began. Journals of earlier versions have that of the space file alone.

    Raises:
        SearchError: if they aren't.
        OSError: if one has gone.
    """
    if recorded not in (space.digest, sha256(space.path.read_bytes()).hexdigest()):
        raise _changed(f"{space.path}, or a file that it imports,")


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each file by its path; of those that can't be read here, none."""
    found = {}
    for path in paths:
        with suppress(OSError), path.open("rb") as file:
            found[str(path)] = file_digest(file, "sha256").hexdigest()
    return found


def expect_same_files(paths: Iterable[Path], recorded: Mapping[str, str]) -> None:
    """Make sure that files have the digests that a journal has; what it doesn't know, or can't be read, is passed over.

    Raises:
        SearchError: if one has another.
    """
    for path, digest in digests(paths).items():
        if recorded.get(path, digest) != digest:
            raise _changed(path)


def _changed(what: str) -> SearchError:
    return SearchError(f"{what} has changed since the run began: put it back as it was, or start a new run")
