"""Times are positive, in order, and grow with the work."""

from __future__ import annotations

import pytest

from archdsl.backends.torch.stopwatch import device_facts, time_graphs
from archdsl.ir.graph import Graph
from archdsl.types import TensorType
from tests.graphs.cells import Net


def tower(layers: int) -> Graph:
    g = Net(TensorType((32, 28, 28)))
    x = g.x
    for _ in range(layers):
        x = g.conv(x, out_channels=32)
    return g.out(x)


def test_more_work_takes_longer() -> None:
    calls = []
    short, long = time_graphs([tower(1), tower(40)], "cpu", 2, 3, lambda: calls.append(1))
    assert len(calls) == 2 * (3 + 1)
    assert 0 < short.lower <= short.median <= short.upper
    assert short.median < long.median


def test_one_round_has_no_spread() -> None:
    with pytest.raises(ValueError, match="at least 2 rounds"):
        time_graphs([tower(1)], "cpu", 1, 1)


def test_facts_about_the_processor() -> None:
    facts = device_facts("cpu")
    assert facts.kind == "cpu"
    assert facts.threads >= 1
    with pytest.raises(ValueError, match="no device"):
        device_facts("nowhere")
