"""Processes that a killed driver has left behind.

Whatever an engine starts inherits a variable that names the run, and so do its own children: Ray's processes, actors
and workers. Workers end by themselves when their driver is gone; some of Ray's own processes don't.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

VARIABLE = "ARCHDSL_SEARCH_RUN"
# Seconds between asking a process to end and killing it.
PATIENCE = 3.0


class Leftover(NamedTuple):
    """A process: its number, and the command that it runs."""

    pid: int
    command: str


@contextmanager
def marked(run: Path) -> Iterator[None]:
    """What is started within the block belongs to this run, and can be found again."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(run.resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def leftovers(run: Path) -> list[Leftover]:
    """Processes on this machine that belong to a run, but for this one. Needs /proc: elsewhere none is found."""
    mark = f"{VARIABLE}={run.resolve()}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or belongs to somebody else
            pid = int(folder.name)
            if pid != os.getpid() and mark in (folder / "environ").read_bytes().split(b"\0") and is_alive(pid):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").split()
                found.append(Leftover(pid, " ".join(words)))
    return sorted(found)


def is_alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def end_leftovers(run: Path) -> list[Leftover]:
    """End what is left of a run, and what that starts while it is ended; gives all of it."""
    ended: dict[int, Leftover] = {}
    while found := leftovers(run):
        ended.update({process.pid: process for process in found})
        _end(found)
    return list(ended.values())


def _end(processes: list[Leftover]) -> None:
    """Ask processes to end; kill those that don't."""
    _signal(processes, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and any(is_alive(each.pid) for each in processes):
        time.sleep(0.05)
    _signal(processes, signal.SIGKILL)
    while any(is_alive(each.pid) for each in processes):
        time.sleep(0.01)  # the kernel takes a moment


def _signal(processes: list[Leftover], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
