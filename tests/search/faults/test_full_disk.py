"""The disk is full at every single write of the driver: the journal stays whole, and the run goes on from it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archdsl_search.driver.running import Setting, resume, start
from archdsl_search.journal import writer
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.writer import JournalError
from archdsl_search.sweep.loading import sweep_of
from tests.search.small_runs import SPACE, lines


class Disk:
    """`os` as the journal sees it, on a disk that takes nothing from the `full_at`th write or sync on."""

    def __init__(self, full_at: int, half: bool = False):
        self.calls = 0
        self._full_at = full_at
        self._half = half

    def _is_full(self) -> bool:
        self.calls += 1
        return self.calls > self._full_at

    def write(self, file: int, data: bytes) -> int:
        if self._is_full():
            if self._half and self.calls == self._full_at + 1:
                return os.write(file, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(file, data)

    def fsync(self, file: int) -> None:
        if self._is_full():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)

    def installed(self, patch: pytest.MonkeyPatch) -> Disk:
        names = {name: getattr(os, name) for name in dir(os) if not name.startswith("__")}
        patch.setattr(writer, "os", SimpleNamespace(**{**names, "write": self.write, "fsync": self.fsync}))
        return self


@pytest.fixture
def sweep(tmp_path: Path) -> Any:
    (tmp_path / "space.yaml").write_text(SPACE)
    return sweep_of(
        {
            "space": str(tmp_path / "space.yaml"),
            "searcher": {"name": "regularized_evolution", "population": 3, "sample": 2},
            "evaluator": "cost",
            "objective": {"name": "minimize", "metric": "mult_adds"},
            "budget": {"trials": 4},
        }
    )


@pytest.mark.parametrize("half", [False, True])
def test_a_full_disk_at_every_write(tmp_path: Path, sweep: Any, monkeypatch: pytest.MonkeyPatch, half: bool) -> None:
    with monkeypatch.context() as patch:
        disk = Disk(1 << 30).installed(patch)
        start(sweep, Setting(tmp_path / "whole"))
    whole = lines(tmp_path / "whole")
    assert disk.calls > 10
    for full_at in range(disk.calls):
        run = tmp_path / str(full_at)
        with monkeypatch.context() as patch:
            Disk(full_at, half).installed(patch)
            # What is left for the disk when the last line is safe, may fail unheard.
            if full_at < disk.calls - 1:
                with pytest.raises((JournalError, OSError), match="No space left"):
                    start(sweep, Setting(run))
            else:
                start(sweep, Setting(run))
        seen = lines(run)
        assert seen == whole[: len(seen)]
        if seen:
            assert Journal(run).warning == ""
            resume(Setting(run))
        else:
            start(sweep, Setting(run))
        assert [line for line in lines(run) if line["kind"] != "session"] == whole[:-1]
