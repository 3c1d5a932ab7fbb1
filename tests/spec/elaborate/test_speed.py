"""Building is linear in the number of nodes, up to 100,000 of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

import archdsl

Write = Callable[..., Path]

BLOCK = """
cells:
  block:
    params: {channels: int, kernel: 3, stride: 1}
    graph:
      - conv2d: {out_channels: channels, kernel_size: kernel, stride: stride, padding: half}
      - batch_norm2d
      - relu:
        name: y
      - add:
        from: [x, y]
        if: x.channels == channels and stride == 1
graph:
  - block: {channels: x.channels}
    repeat: %d
"""


def seconds(path: Path) -> float:
    """The shortest of three: the machine has other things to do."""
    times = []
    for _ in range(3):
        started = process_time()
        archdsl.load(path)
        times.append(process_time() - started)
    return min(times)


def test_time_grows_linearly(write: Write) -> None:
    write("graph: [relu]")
    few, many = (seconds(write(BLOCK % count, f"{count}.yaml")) for count in (1_000, 8_000))
    assert many < 8 * few * 2


@pytest.mark.parametrize("step", ["relu", "conv2d: {out_channels: 8, kernel_size: 3, padding: 1}"])
def test_a_hundred_thousand_nodes_are_comfortable(write: Write, step: str) -> None:
    path = write(f"graph:\n  - do: [{{{step}}}]\n    repeat: 100000\n".replace("{relu}", "relu"))
    started = process_time()
    built = archdsl.load(path)
    assert process_time() - started < 6
    assert len(built.graph().nodes) == 100_000


def test_a_network_of_a_thousand_nodes_takes_tens_of_milliseconds(write: Write) -> None:
    path = write(BLOCK % 250)
    archdsl.load(path)
    assert seconds(path) < 0.15


def test_the_limit_of_a_million_steps_is_exact_where_it_is_cheap(write: Write) -> None:
    text = "graph:\n  - relu:\n    repeat: %d\n"
    assert archdsl.check(write(text % 0)) == []
    assert [d.code for d in archdsl.check(write(text % 1_000_000))] == ["E0903"]
    # Where steps hang on conditions, a network within the limit is never refused.
    text = "graph:\n  - for: {i: 1200}\n    do:\n      - relu:\n        for: {j: '%s'}\n"
    assert archdsl.check(write(text % "1000 if i == 7 else 2")) == []
