"""The journal: what was written is read back, whatever happens to the file; one driver at a time."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl_search.errors import SearchError
from archdsl_search.journal.lines import DamagedLineError, decode, encode
from archdsl_search.journal.reader import NAME, Journal
from archdsl_search.journal.records import Asked, Header, Record, Result, Session
from archdsl_search.journal.summary import summarise
from archdsl_search.journal.writer import JournalError, JournalWriter, Lock, is_locked
from archdsl_search.outcome import State

FINISHED = Result(
    0, State.FINISHED, (0.5,), {"a": 1, "b": [1, "x"]}, "i0", {"accuracy": 0.5}, "", None, {"seconds": 1.5}
)
RECORDS: list[Record] = [
    Header({"name": "né"}, "digest", "0.1.0", ("accuracy",), {"at": "now"}),
    Asked(0, "i0", {"at": "now"}),
    FINISHED,
    Asked(1, "i1", {}),
    Asked(2, None, {}),
    Result(1, State.FAILED, None, {"a": 2}, "i1", {}, "it\nbroke", None, {}),
    Result(2, State.FINISHED, (1.0, -2.5), {"a": 1}, "i0", {"accuracy": 1e-300}, "", 0, {}),
    Session("completed", "done", {"elapsed": 4.0}),
]

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.dictionaries(st.text().filter(lambda key: key not in ("sum", "time")), plain)


def written(run: Path) -> bytes:
    with JournalWriter(run) as writer:
        writer.write(RECORDS[:1])
        writer.write(RECORDS[1:])
    return (run / NAME).read_bytes()


@settings(max_examples=40)
@given(fields, fields)
def test_lines_come_back(what: dict[str, object], time: dict[str, object]) -> None:
    line = encode(what, time)
    assert line.count(b"\n") == 1
    assert decode(line[:-1]) == (what, time)


def test_any_changed_byte_is_noticed() -> None:
    line = encode({"kind": "x", "value": 1.5}, {"at": "12:00"})[:-1]
    for place in range(len(line)):
        changed = line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]
        with pytest.raises(DamagedLineError):
            decode(changed)


def test_what_is_not_a_number_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode({"value": float("nan")}, {})


def test_records_come_back(tmp_path: Path) -> None:
    written(tmp_path)
    journal = Journal(tmp_path)
    assert list(journal.records()) == RECORDS
    assert journal.header == RECORDS[0]
    assert (journal.warning, journal.size) == ("", (tmp_path / NAME).stat().st_size)


def test_lines_have_what_scripts_count_on(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in written(tmp_path).splitlines()]
    results = [line for line in lines if line["kind"] == "result"]
    assert [r["trial"] for r in results] == [0, 1, 2]
    assert [r["objective"] for r in results] == [0.5, None, [1.0, -2.5]]
    assert [r["state"] for r in results] == ["finished", "failed", "finished"]
    assert results[0]["decisions"] == {"a": 1, "b": [1, "x"]}
    assert results[0]["metrics"] == {"accuracy": 0.5}
    assert list(lines[0])[-1] == "time"


def test_a_journal_cut_at_any_byte_gives_its_valid_beginning_and_one_warning(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole")
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    path = tmp_path / NAME
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        journal = Journal(tmp_path)
        good = sum(end <= cut for end in ends)
        assert list(journal.records()) == RECORDS[:good]
        assert bool(journal.warning) == (cut not in (0, *ends))
        assert journal.size == ([0, *ends])[good]


@pytest.mark.parametrize(
    "wrong",
    [
        {"trial": "0"}, {"trial": True}, {"objective": "0.5"}, {"objective": [0.5, None]}, {"decisions": [1]},
        {"metrics": None}, {"error": 3}, {"replayed": "no"}, {"state": "fine"}, {"kind": ["result"]},
    ],
)  # fmt: skip
def test_a_line_that_says_what_no_driver_writes_is_damaged_though_its_sum_is_right(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    written(tmp_path)
    whole = (tmp_path / NAME).read_bytes().splitlines(keepends=True)
    what, time = decode(whole[2][:-1])
    (tmp_path / NAME).write_bytes(b"".join([*whole[:2], encode({**what, **wrong}, time), *whole[3:]]))
    journal = Journal(tmp_path)
    assert list(journal.records()) == RECORDS[:2]
    assert "line 3 is damaged" in journal.warning


def test_what_stands_behind_damage_is_put_aside(tmp_path: Path) -> None:
    lines = written(tmp_path).splitlines(keepends=True)
    damaged = b"".join([*lines[:2], lines[2].replace(b"0.5", b"0.6", 1), *lines[3:]])
    (tmp_path / NAME).write_bytes(damaged)
    journal = Journal(tmp_path)
    assert list(journal.records()) == RECORDS[:2]
    assert "line 3 is damaged; it and the 5 behind it" in journal.warning
    with JournalWriter(tmp_path, journal) as writer:
        writer.write(RECORDS[2:3])
    assert list(Journal(tmp_path).records()) == RECORDS[:3]
    (aside,) = tmp_path.glob("journal-damaged-*.jsonl")
    assert b"".join(lines[:2]) + aside.read_bytes() == damaged


def test_a_line_that_was_cut_is_written_over(tmp_path: Path) -> None:
    whole = written(tmp_path)
    (tmp_path / NAME).write_bytes(whole[:-3])
    journal = Journal(tmp_path)
    with JournalWriter(tmp_path, journal) as writer:
        writer.write(RECORDS[-1:])
    assert (tmp_path / NAME).read_bytes() == whole
    assert not list(tmp_path.glob("journal-damaged-*"))


@pytest.mark.parametrize("room", [0, 1, 40, 200])
def test_a_full_disk_loses_nothing_that_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    left = [room]
    write = os.write

    def limited(file: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(file, data[: left[0]])
        left[0] -= done
        return done

    with JournalWriter(tmp_path) as writer:
        writer.write(RECORDS[:3])
        before = (tmp_path / NAME).read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", limited)
            with pytest.raises(JournalError, match="No space left"):
                writer.write(RECORDS[3:])
        assert (tmp_path / NAME).read_bytes() == before
        writer.write(RECORDS[3:])
    assert list(Journal(tmp_path).records()) == RECORDS


def test_a_failing_sync_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with JournalWriter(tmp_path) as writer, monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(JournalError):
            writer.write(RECORDS[:1])
    assert (tmp_path / NAME).read_bytes() == b""


def test_there_is_one_driver_at_a_time(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    with JournalWriter(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(SearchError, match="another driver"):
            JournalWriter(tmp_path)
        code = f"from pathlib import Path; from archdsl_search.journal.writer import *; Lock(Path({str(tmp_path)!r}))"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
        assert "another driver is at work" in other.stderr
    assert not is_locked(tmp_path)


def test_a_lock_ends_with_the_process_that_had_it(tmp_path: Path) -> None:
    code = (
        "import os, signal; from pathlib import Path; from archdsl_search.journal.writer import *\n"
        f"lock = Lock(Path({str(tmp_path)!r})); print('held', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert killed.stdout == "held\n"
    Lock(tmp_path).release()


def test_a_run_in_numbers(tmp_path: Path) -> None:
    written(tmp_path)
    found = summarise(Journal(tmp_path))
    assert (found.trials, found.finished, found.failed, found.replayed) == (2, 1, 1, 1)
    assert (found.state, found.reason, found.running) == ("completed", "done", 0)
    assert found.best is not None
    assert (found.best.trial, found.best.objective) == (2, (1.0, -2.5))
    assert (found.seconds, found.evaluation_seconds) == (4.0, 1.5)


def test_a_run_under_way(tmp_path: Path) -> None:
    with JournalWriter(tmp_path) as writer:
        writer.write(RECORDS[:4])
        found = summarise(Journal(tmp_path))
        assert (found.state, found.running, found.trials) == ("running", 1, 1)
    found = summarise(Journal(tmp_path))
    assert (found.state, found.running) == ("stopped", 0)


def test_no_journal_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="there is no run here"):
        Journal(tmp_path)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
