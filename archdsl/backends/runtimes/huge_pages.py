"""Huge pages for the memory of a runtime: weights are read once for each call, and small pages make that slower.

On Linux, memory is mapped in pages of 4 KiB unless a program asks for pages of 2 MiB, where the system is set to
`madvise` (most distributions are). Neither ONNX Runtime nor OpenVINO asks. What a runtime has allocated while it was
made and first run is found by comparing the process's own mappings before and after, and the system is asked to put it
into huge pages; so is the heap, parts of which it may have taken. That is advice: contents don't change, and where it
can't be followed nothing happens.
"""

from __future__ import annotations

import ctypes
import sys
from bisect import bisect_right
from itertools import islice
from pathlib import Path
from threading import Thread

MAPS = Path("/proc/self/maps")
HUGE = 1 << 21
# Moving what is there takes about two seconds for so much.
MOST_BYTES = 1 << 30
# Of madvise(2): use huge pages from now on, and do it now for what is there.
MADV_HUGEPAGE = 14
MADV_COLLAPSE = 25

Ranges = dict[int, int]


class Growth:
    """The heap, and the private memory that a process gets from the time this is made until it settles, once."""

    def __init__(self) -> None:
        self._before: Ranges | None = private_memory(heap=False)

    def settle(self) -> int:
        """Ask for huge pages, for `MOST_BYTES` at most; gives the bytes that were asked for."""
        before, self._before = self._before, None
        return 0 if before is None else _moved(before)

    def settle_aside(self) -> None:
        """The same in a thread of its own: moving what is there takes longer than anybody wants to wait."""
        if self._before is not None:
            before, self._before = self._before, None
            Thread(target=_moved, args=(before,), name="archdsl-huge-pages", daemon=True).start()


def private_memory(heap: bool = True) -> Ranges:
    """Starts and ends of what this process has mapped for itself alone, without files; empty where that isn't told."""
    if sys.platform != "linux":
        return {}
    try:
        lines = MAPS.read_text().splitlines()
    except OSError:
        return {}
    found: Ranges = {}
    for line in lines:
        places, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and (not name or (heap and name[0] == "[heap]")):
            start, end = places.split("-")
            found[int(start, 16)] = int(end, 16)
    return found


def grown(before: Ranges, after: Ranges) -> list[tuple[int, int]]:
    """What is in the second, but not in the first."""
    known = sorted(before.items())
    ends = [end for _, end in known]
    found = []
    for start, end in after.items():
        place = start
        for old_start, old_end in islice(known, bisect_right(ends, start), None):
            if old_start >= end:
                break
            if old_start > place:
                found.append((place, old_start))
            place = old_end
        if place < end:
            found.append((place, end))
    return found


def _moved(before: Ranges) -> int:
    """Ask for huge pages for what has been mapped since; gives the bytes."""
    asked = 0
    for start, end in grown(before, private_memory()):
        low, high = -(-start // HUGE) * HUGE, end // HUGE * HUGE
        high = min(high, low + MOST_BYTES - asked)
        if high > low:
            _advise(low, high - low)
            asked += high - low
    return asked


def prefer(start: int, size: int) -> None:
    """Ask for huge pages for memory that nothing has been written to: it then comes so, and need not be moved.

    Args:
        start: the address; what lies in whole huge pages behind it is asked for.
        size: bytes.
    """
    low, high = -(-start // HUGE) * HUGE, (start + size) // HUGE * HUGE
    if high > low and sys.platform == "linux":
        _advise(low, high - low, (MADV_HUGEPAGE,))


def _advise(start: int, size: int, advices: tuple[int, ...] = (MADV_HUGEPAGE, MADV_COLLAPSE)) -> None:
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for advice in advices:
        madvise(start, size, advice)
