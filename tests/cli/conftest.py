"""The command line in this process, in an empty folder that has a spec."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from archdsl.cli.main import main

SPEC = """\
archdsl: 1
name: net
params: {width: 4, num_classes: 10}
inputs: {image: [1, 8, 8]}
graph:
  - conv2d: {out_channels: width, kernel_size: 3, padding: same, bias: false}
  - batch_norm2d
  - relu
  - global_avg_pool2d
  - linear: {out_features: num_classes}
    name: logits
outputs: [logits]
"""

SPACE = """\
archdsl: 1
name: space
inputs: {image: [1, 8, 8]}
graph:
  - conv2d: {out_channels: {choose: [4, 8]}, kernel_size: {choose: [1, 3]}}   # two decisions
  - global_avg_pool2d
"""


class Answer(NamedTuple):
    """What a command said."""

    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one, with `net.yaml` and `space.yaml`."""
    (tmp_path / "net.yaml").write_text(SPEC)
    (tmp_path / "space.yaml").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def archdsl(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Run a command: `archdsl("check", "net.yaml")`."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        return Answer(status, *capsys.readouterr())

    return run
