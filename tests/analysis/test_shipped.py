"""Multiply-adds of every shipped network, as torch's FlopCounterMode counts them on the meta device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import archdsl
from tests.analysis.test_costing import counted

INDEX = json.loads((Path(archdsl.__file__).parents[1] / "specs" / "index.json").read_text(encoding="utf-8"))
NETWORKS = [entry for entry in INDEX["networks"] if entry["kind"] == "model"]
FAST = {"lenet5", "crnn", "resnet18", "mobilenet_v2", "googlenet", "digits_resnet", "alexnet_caffe", "unet"}


def _cases() -> list[Any]:
    return [
        pytest.param(e["name"], id=e["name"], marks=[] if e["name"] in FAST else pytest.mark.slow) for e in NETWORKS
    ]


@pytest.mark.parametrize("name", _cases())
def test_multiply_adds(name: str) -> None:
    net = archdsl.load(name)
    report = archdsl.cost(net)
    assert report.mult_adds == counted(net.graph(), 1)
    (entry,) = [entry for entry in NETWORKS if entry["name"] == name]
    assert (report.params, report.mult_adds) == (entry["params"], entry["mult_adds"])
    if net.has_training_form:
        assert archdsl.cost(net, training=True).mult_adds == counted(net.graph(training=True), 1)
