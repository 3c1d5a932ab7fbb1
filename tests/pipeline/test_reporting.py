"""Findings of a report: those of `archdsl lint`, from the graphs that are there already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.analysis.lints.catalogue import RULES
from archdsl.analysis.lints.rule import Rule
from archdsl.pipeline import elaboration
from archdsl.pipeline.linting import lint, lint_architecture
from archdsl.pipeline.reporting import findings_of

Write = Callable[..., Path]
# An allowance in the file of the cell and one for the file that calls it, a variant, a parameter, a part of training.
FILES = {
    "net.yaml": """
import: {./cells: [loud, quiet], cells/nasnet: [aux_head]}
allow: [{code: G0101, reason: as published}]
params: {biased: true, width: 8}
inputs: {image: [8, 32, 32]}
graph:
  - conv2d: {out_channels: width, kernel_size: 3, padding: 1, bias: biased}
  - batch_norm2d
  - loud
  - quiet
  - conv2d: {out_channels: 4, kernel_size: 1}
    name: narrow
  - conv2d: {out_channels: 256, kernel_size: 1}
  - relu:
    from: image
    if: training
    name: dead
  - global_avg_pool2d:
    from: narrow
variants:
  plain: {params: {biased: false}}
  wide: {params: {width: 512}}
""",
    "cells.yaml": """
allow: [{code: D0102, reason: only here}]
cells:
  loud:
    graph:
      - conv2d: {out_channels: x.channels, kernel_size: 5, padding: 2}
      - batch_norm2d
  quiet:
    graph: [{conv2d: {out_channels: x.channels, kernel_size: 7, padding: 3}}]
""",
}


def rules() -> list[Rule]:
    return [rule() for rule in RULES]


@pytest.mark.parametrize("variant", ["", "@plain", "@wide"])
def test_findings_are_those_of_lint(variant: str, write: Write) -> None:
    write(FILES["cells.yaml"].lstrip(), "cells.yaml")
    spec = f"{write(FILES['net.yaml'].lstrip())}{variant}"
    expected = [found for found in lint(spec, rules()).diagnostics if found.code != "W0207"]
    assert len(expected) > 1
    assert lint_architecture(archdsl.load(spec), rules()) == expected
    found = findings_of(archdsl.load(spec))
    assert [(f.code, f.message, f.place, f.edit) for f in found] == [
        (f.code, f.message, str(f.span), f.label) for f in expected
    ]


@pytest.mark.parametrize("name", ["nasnet_mobile", "googlenet", "mobilenet_v2", "inception_v3", "densenet121", "vgg16"])
def test_findings_of_shipped_networks_are_those_of_lint(name: str) -> None:
    expected = [found for found in lint(name, rules()).diagnostics if found.code != "W0207"]
    assert lint_architecture(archdsl.load(name), rules()) == expected


def test_settings_decisions_and_shapes_are_those_of_the_network(write: Write) -> None:
    path = write(
        "params: {width: 8}\ninputs: {image: [8, 16, 16]}\ngraph:\n"
        "  - conv2d: {out_channels: width, kernel_size: {choose: [3, 5]}, padding: same}\n  - batch_norm2d\n"
    )
    given = {"params": {"width": 16}, "decisions": {"conv2d/kernel_size": 5}, "inputs": {"image": [8, 24, 24]}}
    expected = lint(path, rules(), **given).diagnostics
    assert [found.code for found in expected] == ["D0104"]
    assert lint_architecture(archdsl.load(path, **given), rules()) == expected


def test_nothing_is_read_or_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network = archdsl.load("nasnet_mobile")

    def refuse(*given: object, **named: object) -> None:
        raise AssertionError("the network is there already")

    monkeypatch.setattr(elaboration, "elaborate", refuse)
    monkeypatch.setattr("archdsl.spec.files.Files.load", refuse)
    assert findings_of(network)
