"""A training that is killed, or whose disk is full, loses nothing that was done before."""

from __future__ import annotations

import errno
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from archdsl.training import checkpoint, keeping
from archdsl.training.keeping import BEST, CHECKPOINT, LAST, METRICS
from tests.training.test_loop import records, without_time

PROGRAM = """
import sys, torch
import archdsl

torch.set_num_threads(1)
torch.manual_seed(1)
module = torch.nn.Sequential(
    torch.nn.Conv2d(1, 6, 3), torch.nn.BatchNorm2d(6), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Flatten(),
    torch.nn.Linear(216, 10),
)
say = lambda *_: print("+", flush=True)
settings = archdsl.TrainingSettings(epochs=5, batch_size=64, crop=1)
archdsl.train(
    module, "digits", settings, device="cpu", folder=sys.argv[1], resume=sys.argv[2] == "resume",
    on_epoch=say, on_step=say,
)
"""
REPORTS = 5 * (1 + 2)  # lines of a whole run: two reports of steps and one of the epoch, at the least


def started(folder: Path, resume: bool) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PROGRAM, str(folder), "resume" if resume else "fresh"]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def run_until_killed(folder: Path, chance: random.Random) -> bool:
    """Kill a run after some of its reports and a moment; whether it was still running."""
    process = started(folder, (folder / CHECKPOINT).exists())
    assert process.stdout is not None
    for _ in range(chance.randrange(2, REPORTS)):
        process.stdout.readline()
    time.sleep(chance.uniform(0, 0.02))
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("times", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_a_run_killed_again_and_again_gives_the_same_in_the_end(tmp_path, times):
    whole = started(tmp_path / "whole", resume=False)
    chance = random.Random(7)
    killed = [run_until_killed(tmp_path / "killed", chance) for _ in range(times)]
    assert any(killed)
    last = started(tmp_path / "killed", (tmp_path / "killed" / CHECKPOINT).exists())
    assert (last.communicate(), last.returncode)[1] == 0
    assert (whole.communicate(), whole.returncode)[1] == 0
    for name in (BEST, LAST):
        expected, found = load_file(tmp_path / "whole" / name), load_file(tmp_path / "killed" / name)
        assert all(torch.equal(expected[key], found[key]) for key in expected)
    lines = [(tmp_path / which / METRICS).read_text().splitlines() for which in ("whole", "killed")]
    assert len(lines[0]) == len(lines[1]) == 6
    assert sorted(path.name for path in (tmp_path / "killed").iterdir()) == sorted([BEST, CHECKPOINT, LAST, METRICS])


def full_disk(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


def half_a_file(state, path, metadata=None):
    """What is written when the disk becomes full in the middle: safetensors leaves a part and raises."""
    from archdsl.pipeline.files import replacing

    with replacing(path) as temporary:
        temporary.write_bytes(b"\0" * 100)
        full_disk()


@pytest.mark.parametrize("where", ["checkpoint", "best", "metrics"])
@pytest.mark.parametrize("failure", [full_disk, half_a_file])
def test_a_full_disk_loses_nothing(make_training, monkeypatch, where, failure):
    whole = make_training("whole")
    whole.run()
    stopped = make_training("stopped")

    def fill_the_disk(report):
        if report.epoch == 2:
            if where == "checkpoint":
                monkeypatch.setattr(checkpoint, "save_weights", failure)
            elif where == "best":
                monkeypatch.setattr(keeping, "save_weights", failure)
            else:
                monkeypatch.setattr(keeping.metrics, "append", full_disk)

    stopped.on_epoch = fill_the_disk
    with pytest.raises(OSError, match="No space left"):
        stopped.run()
    monkeypatch.undo()
    assert {path.name for path in stopped.folder.iterdir()} <= {BEST, CHECKPOINT, LAST, METRICS}
    resumed = make_training("stopped")
    resumed.run(resume=True)
    for name in (BEST, LAST):
        expected, found = load_file(whole.folder / name), load_file(resumed.folder / name)
        assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert without_time(records(resumed)) == without_time(records(whole))


def test_what_a_killed_process_left_half_written_is_cleared(make_training):
    training = make_training()
    training.run()
    half = training.folder / ".checkpoint-0123abcd.safetensors"
    half.write_bytes(b"half")
    make_training().run(resume=True)
    assert not half.exists()
