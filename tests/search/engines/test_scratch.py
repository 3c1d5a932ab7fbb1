"""Temporary folders that a killed process has left are removed by whoever needs one next, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from socket import gethostname

import pytest

from archdsl_search.engines.scratch import make_scratch, remove_stale, scratch, stale

KILLED = """
import os, signal
from archdsl_search.engines.scratch import make_scratch
print(make_scratch("probe"), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_after_its_block(place: Path) -> None:
    with scratch("tune") as folder:
        (folder / "file").touch()
        assert folder.parent == place
        assert stale() == []
    assert not folder.exists()


def test_what_a_killed_process_has_left_is_removed_by_the_next_one(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(place)}
    said = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True, text=True)
    left = Path(said.stdout.strip())
    assert left.is_dir()
    assert stale() == [left]
    mine = make_scratch("tune")
    assert not left.exists()
    assert mine.is_dir()


def test_what_may_be_somebody_else_s_stays(place: Path) -> None:
    host, pid = gethostname(), os.getpid()
    others = [
        "archdsl-notes",
        f"archdsl-tune-elsewhere.example-{pid}-1-abc",
        f"archdsl-tune-{host}-{pid}-x-abc",
    ]
    for name in others:
        (place / name).mkdir()
    reused = place / f"archdsl-tune-{host}-{pid}-1-abc"  # the number is ours, the beginning is not
    reused.mkdir()
    assert remove_stale() == [reused]
    assert sorted(path.name for path in place.iterdir()) == sorted(others)
