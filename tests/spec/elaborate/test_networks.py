"""Whole networks, written as a reader of the language page would: exact weights, and nothing to find."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

import archdsl

FOLDER = Path(__file__).parent / "networks"
# Weights as published or counted by hand from the papers' tables; nodes pin what the file expands to.
WEIGHTS = {
    "densenet": 7_978_856,
    "fractalnet": 76_106_634,
    "googlenet_inference": 6_998_552,
    "senet": 28_088_024,
    "yolov3": 61_949_149,
}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_a_network_has_no_findings_and_can_be_built(path: Path) -> None:
    assert archdsl.check(path) == []
    space = archdsl.load_space(path)
    built = space.resolve(space.sample(Random(1)))
    assert built.graph().outputs
    assert archdsl.cost(built).params > 0


@pytest.mark.parametrize("name", ["densenet", "fractalnet", "senet", "yolov3"])
def test_weights_are_exact(name: str) -> None:
    path = next(path for path in FOLDER.iterdir() if path.stem == name)
    assert archdsl.cost(archdsl.load(path)).params == WEIGHTS[name]
