"""Folders for what nobody keeps. A killed process leaves its folder behind: the next one to need one removes it.

A folder is named after the process that made it, `archdsl-KIND-HOST-PID-START-...`: when that process is gone, nobody
uses it. So machines of a cluster clean up after themselves, and `archdsl search clean` does it for this one.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import gethostname

_NAME = re.compile(r"archdsl-(?P<kind>[a-z]+)-(?P<host>.+)-(?P<pid>\d+)-(?P<start>\d+)-\w+")


def make_scratch(kind: str, within: Path | None = None) -> Path:
    """A new folder, in the system's place for such unless another one is given.

    Raises:
        OSError: if it cannot be made.
    """
    if within is None:
        remove_stale()
    pid = os.getpid()
    return Path(tempfile.mkdtemp(prefix=f"archdsl-{kind}-{gethostname()}-{pid}-{_start_of(pid)}-", dir=within))


@contextmanager
def scratch(kind: str, within: Path | None = None) -> Iterator[Path]:
    """A folder that is gone after the block."""
    folder = make_scratch(kind, within)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stale() -> list[Path]:
    """Folders on this machine whose makers are gone."""
    found = []
    for folder in Path(tempfile.gettempdir()).glob("archdsl-*"):
        name = _NAME.fullmatch(folder.name)
        if name and name["host"] == gethostname() and not _is_there(int(name["pid"]), int(name["start"])):
            found.append(folder)
    return sorted(found)


def remove_stale() -> list[Path]:
    """Remove them; what belongs to somebody else stays."""
    found = stale()
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
    return [folder for folder in found if not folder.exists()]


def _is_there(pid: int, start: int) -> bool:
    """Whether this very process runs: numbers are given again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _start_of(pid) == start


def _start_of(pid: int) -> int:
    """When a process began, in ticks since the machine did; 0 where the system doesn't say."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return 0
