"""Cost as formulas."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl

NET = """\
archdsl: 1
name: formulas
params: {width: 16, depth: 2, groups: 1, factor: 1.5, sizes: [1, 2], num_classes: 10}
inputs: {image: [3, 32, 32]}
graph:
  - conv2d: {out_channels: width, kernel_size: 3, padding: 1, stride: 2, groups: groups, bias: false}
  - do:
      - conv2d: {out_channels: width, kernel_size: 1, bias: false}
      - relu
    repeat: depth
  - global_avg_pool2d
  - linear: {out_features: num_classes}
"""


@pytest.fixture
def net(tmp_path: Path) -> archdsl.Architecture:
    path = tmp_path / "formulas.yaml"
    path.write_text(NET)
    return archdsl.load(str(path))


def test_formulas_by_hand(net: archdsl.Architecture) -> None:
    found = archdsl.cost_formulas(net)
    assert str(found.params) == "width**2*depth + width*num_classes + 27*width + num_classes"
    # Two rows and columns for each of the map's; the first layer 27 and the others `width` per channel.
    assert str(found.mult_adds) == (
        "(batch*height*input_width*width**2*depth + 27*batch*height*input_width*width + 4*batch*width*num_classes) / 4"
    )
    steps = {v.name: v.step for v in found.variables}
    assert steps == {"height": 2, "input_width": 2, "width": 1, "depth": 1, "num_classes": 1}
    assert [v.condition for v in found.variables if v.condition] == ["height % 2 == 0", "input_width % 2 == 0"]
    assert "groups" in found.without
    assert found.without["factor"] == "its value is no whole number: 1.5"
    assert "sizes" in found.without
    assert found.points > 20


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "crnn", "lenet5"])
def test_formulas_hold_elsewhere(name: str) -> None:
    net = archdsl.load(name)
    found = archdsl.cost_formulas(net)
    ((image, value),) = net.graph().inputs.items()
    channels, height, width = value.type.shape
    steps = {v.name: v.step for v in found.variables}
    sizes = {"height": height + 3 * steps.get("height", 0), "width": width + 7 * steps.get("width", 0)}
    given = {v.name: v.value + 3 * v.step for v in found.variables if v.name not in sizes}
    other = archdsl.load(name, params=given, inputs={image: [channels, *sizes.values()]})
    for batch in (1, 5):
        report = archdsl.cost(other, batch_size=batch)
        values = {**sizes, **given, "batch": batch}
        for quantity in ("params", "mult_adds", "memory_access"):
            assert getattr(found, quantity)(values) == getattr(report, quantity)


def test_values_that_only_sometimes_give_a_network(net: archdsl.Architecture, tmp_path: Path) -> None:
    path = tmp_path / "grouped.yaml"
    path.write_text(
        NET.replace("groups: 1,", "")
        .replace("groups: groups", "groups: 1")
        .replace("kernel_size: 1,", ("kernel_size: 1, groups: 4,"))
    )
    found = archdsl.cost_formulas(archdsl.load(str(path)))
    (width,) = [v for v in found.variables if v.name == "width"]
    assert (width.step, width.condition) == (4, "width % 4 == 0")
    assert str(found.params) == "(width**2*depth + 4*width*num_classes + 108*width + 4*num_classes) / 4"
