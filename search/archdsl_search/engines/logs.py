"""Logs of evaluations, kept within bounds: a search of 20,000 trials must not fill the disk with them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LOG = "log.txt"
# Bytes that are kept of a log: of a trial that finished, and of one that did not, where it is wanted.
LONGEST_OF_FINISHED = 64 << 10
LONGEST = 1 << 20


def shorten(path: Path, most: int) -> None:
    """Cut out of a log's middle what is more than so many bytes: causes stand at its beginning, tracebacks at its end.

    A log that cannot be read or written stays as it is.
    """
    with suppress(OSError):
        if path.stat().st_size > most:
            _cut(path, most)


def _cut(path: Path, most: int) -> None:
    head = most // 4
    file = os.open(path, os.O_RDWR)
    try:
        size = os.fstat(file).st_size
        tail = os.pread(file, most - head, size - (most - head))
        os.ftruncate(file, head)
        left_out = f"\n[{size - most:,} bytes left out]\n".encode()
        os.pwrite(file, left_out + tail, head)
    finally:
        os.close(file)
