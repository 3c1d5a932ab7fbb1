"""Passes over one network are one observation, in which a slow minute of the machine does not count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archdsl.analysis.latency.fitting import fit_predictor
from archdsl.analysis.latency.observations import Observation, joined
from tests.analysis.latency.made_up import NETWORKS, observed


def slower(times: float, seen: Observation) -> Observation:
    """The same network in a minute in which the machine took so many times as long."""
    return replace(seen, seconds=tuple(times * s for s in seen.seconds), whole=times * seen.whole)


def test_the_median_of_the_passes_counts() -> None:
    seen = observed("alexnet")
    found = joined([seen, slower(3, seen), slower(1.1, seen)])
    assert found.seconds == pytest.approx([1.1 * s for s in seen.seconds])
    assert found.whole == pytest.approx(1.1 * seen.whole)
    assert found.passes == pytest.approx([seen.whole, 3 * seen.whole, 1.1 * seen.whole])
    assert found.steps == seen.steps


def test_one_pass_is_itself() -> None:
    seen = observed("alexnet")
    assert joined([seen]).passes == seen.passes == (seen.whole,)


def test_intervals_know_how_far_passes_are_apart() -> None:
    steady = [joined([observed(name)] * 3) for name in NETWORKS]
    moody = [joined([slower(0.8, o), o, slower(1.25, o)]) for o in map(observed, NETWORKS)]
    calm, wide = (fit_predictor(found, trees=20).predictor for found in (steady, moody))
    assert wide.low < 0.9 * calm.low
    assert wide.high > 1.1 * calm.high
