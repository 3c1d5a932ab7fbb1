"""What grew between two looks at a process's memory, and that asking for huge pages changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from archdsl.backends.runtimes import huge_pages


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ({}, {10: 20}, [(10, 20)]),
        ({10: 20}, {10: 20}, []),
        ({10: 20}, {10: 30}, [(20, 30)]),
        ({10: 20}, {5: 30}, [(5, 10), (20, 30)]),
        ({10: 20, 22: 25}, {10: 30}, [(20, 22), (25, 30)]),
        ({10: 20}, {}, []),
        ({10: 20}, {20: 25, 40: 50}, [(20, 25), (40, 50)]),
    ],
)
def test_what_grew(before: dict[int, int], after: dict[int, int], new: list[tuple[int, int]]) -> None:
    assert huge_pages.grown(before, after) == new


@pytest.mark.skipif(sys.platform != "linux", reason="mappings are told on Linux only")
def test_new_memory_is_found_and_keeps_its_contents() -> None:
    growth = huge_pages.Growth()
    array = np.arange(64 << 20, dtype=np.uint8)
    assert growth.settle() >= 60 << 20
    assert growth.settle() == 0
    assert np.array_equal(array, np.arange(64 << 20, dtype=np.uint8))


def test_nobody_waits_for_the_pages_and_it_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Event()
    monkeypatch.setattr(huge_pages, "_moved", lambda before: done.set())
    growth = huge_pages.Growth()
    growth.settle_aside()
    assert done.wait(60)
    done.clear()
    growth.settle_aside()
    assert growth.settle() == 0
    assert not done.is_set()


def test_memory_that_is_to_come_in_huge_pages_is_like_any_other() -> None:
    array = np.empty(16 << 20, dtype=np.uint8)
    huge_pages.prefer(array.ctypes.data, array.nbytes)
    array[:] = 7
    assert array.sum(dtype=np.int64) == 7 * array.size


def test_where_mappings_are_not_told_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(huge_pages, "MAPS", tmp_path / "missing")
    assert huge_pages.private_memory() == {}
    assert huge_pages.Growth().settle() == 0
