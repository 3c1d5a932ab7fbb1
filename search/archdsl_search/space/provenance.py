"""Whether a space is the one that a run was made with."""

from __future__ import annotations

from hashlib import sha256

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
        message = f"{space.path}, or a file that it imports, has changed since the run began"
        raise SearchError(f"{message}: put it back as it was, or start a new run")
