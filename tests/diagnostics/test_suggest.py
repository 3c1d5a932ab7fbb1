"""The nearest word, or none."""

from __future__ import annotations

from time import process_time

import pytest

from archdsl.diagnostics.suggest import nearest

KNOWN = ["conv1d", "conv2d", "conv_transpose2d", "kernel_size", "out_channels", "relu", "relu6", "add", "mul", "x", "y"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("conv2D", "conv2d"),
        ("Conv_2d", "conv2d"),
        ("kernal_size", "kernel_size"),
        ("kernel", ""),
        ("outchannels", "out_channels"),
        ("out_chanels", "out_channels"),
        ("rleu", "relu"),
        ("relu7", "relu"),
        ("ad", "add"),
        ("dad", "add"),
        ("z", ""),
        ("banana", ""),
        ("", ""),
    ],
)
def test_nearest(word: str, meant: str) -> None:
    assert nearest(word, KNOWN) == meant


def test_long_words_cost_nothing() -> None:
    started = process_time()
    assert nearest("a" * 100_000, KNOWN) == ""
    assert nearest("conv2x", ["b" * 100_000] * 1000) == ""
    assert process_time() - started < 0.5
