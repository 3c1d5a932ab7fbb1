"""A disk that is full at every write of a run and its outputs: clear errors, whole files, and it goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archdsl_search.engines.failures import failure, is_full_disk

from .harness import Sweeping, end, environment

TRIALS = 6
PLACES = Path(__file__).with_name("small_disk.py")


def on_a_small_disk(sweeping: Sweeping, pages: list[int]) -> list[dict[str, Any]]:
    """What came of everything, by amount of free space; no file system outside the program's own is touched."""
    sweeping.describe(TRIALS, workers=1, faults={"chatter": [2]})
    path = sweeping.folder / "sweep.yaml"
    sweep = json.loads(path.read_text())
    sweep["evaluator"]["kilobytes"] = 6
    path.write_text(json.dumps(sweep))
    end(sweeping.begin())
    place = sweeping.folder / "disk"
    place.mkdir()
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--mount", *rights, sys.executable, str(PLACES), str(place), str(sweeping.run)]
    done = subprocess.run(
        [*command, str(path), json.dumps(pages)],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def expect_all_is_well(found: list[dict[str, Any]]) -> None:
    """Every search ended clearly and was completed afterwards; every output is whole or not there."""
    for each in found:
        if each["what"] == "weights":
            assert "No space left" in each["raised"]
            assert each["left"] == ["000000/weights.safetensors"]
            continue
        first, second = each["first"], each["second"]
        assert second["status"] == 0, each
        assert first["status"] in (0, 2), each
        if first["status"]:
            assert "No space left on device" in first["said"], each
        assert "internal error" not in first["said"], each
        assert "Traceback" not in first["said"], each
        if each["what"] == "search":
            assert sorted(each["after"]) == list(range(TRIALS)), each
            assert each["after"][: len(each["before"] or [])] == (each["before"] or []), each
        else:
            assert each["old"] or first["status"] == 0, each
            assert not any("/." in path or path.startswith(".") for path in each["left"]), each
    searches = [each for each in found if each["what"] == "search"]
    assert {each["first"]["status"] for each in searches} == {0, 2}


def test_a_disk_that_becomes_full(sweeping: Sweeping) -> None:
    expect_all_is_well(on_a_small_disk(sweeping, [0, 3, 9, 14, 700]))


@pytest.mark.slow
def test_a_disk_that_becomes_full_at_every_page(sweeping: Sweeping) -> None:
    expect_all_is_well(on_a_small_disk(sweeping, [*range(40), 700]))


def test_a_full_disk_is_told_from_other_errors() -> None:
    full = OSError(28, "No space left on device")
    assert failure(full).no_space
    assert is_full_disk(RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"))
    assert not is_full_disk(OSError(2, "No such file or directory"))
    assert not failure(ValueError("no space")).no_space
