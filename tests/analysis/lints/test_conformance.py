"""What every lint must keep: a code with texts and a source, a sample that it finds and one that it doesn't."""

from __future__ import annotations

import re
from dataclasses import fields
from math import inf
from pathlib import Path

import pytest

import archdsl
from archdsl.analysis.lints.catalogue import BY_NAME, RULES
from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.linter import lint_graph
from archdsl.analysis.lints.rule import Rule
from archdsl.diagnostics import explain
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Severity
from archdsl.pipeline.linting import lint
from tests.analysis.lints.looking import cost_of_text, every_rule, linted, raw

ALL = [pytest.param(rule, id=rule.code) for rule in every_rule()]
# The codes as they were given out: a code never goes to another lint.
GIVEN = {
    "ChannelBalance": "G0101",
    "GroupPrice": "G0201",
    "Fragmentation": "G0301",
    "ElementwiseShare": "G0401",
    "RepresentationalBottleneck": "D0101",
    "LargeKernel": "D0102",
    "ClassifierParameters": "D0103",
    "BiasBeforeNorm": "D0104",
    "NarrowNonlinearity": "D0105",
    "IdentityNonlinearity": "D0106",
    "Checkerboard": "D0107",
    "ReceptiveField": "D0108",
    "DeadSteps": "D0109",
    "UnusedValues": "D0110",
}


def test_codes_are_stable_and_all_are_in_use() -> None:
    assert {rule.__name__: rule.code for rule in RULES} == GIVEN
    assert {code for code in CODES if code[0] in "GD"} == set(GIVEN.values())
    assert {name for name in BY_NAME if len(name) == 2} == {"G1", "G2", "G3", "G4"}


@pytest.mark.parametrize("rule", ALL)
def test_says_what_it_is(rule: Rule) -> None:
    assert rule.__doc__
    assert "__doc__" in vars(type(rule))
    assert rule.number
    assert rule.title == CODES[rule.code].title
    assert re.search(r"arXiv:\d{4}\.\d{5}|[12]\d{3}|edition", rule.reference)
    assert f"Reference: {rule.reference}" in explain(rule.code)
    assert {field.name for field in fields(rule)} >= {"threshold", "error"}
    assert rule.error == inf


@pytest.mark.parametrize("rule", ALL)
def test_finds_its_positive_sample(rule: Rule, tmp_path: Path) -> None:
    found = [f for f in linted(tmp_path, CODES[rule.code].wrong) if f.code == rule.code]
    assert found
    for finding in found:
        assert finding.severity is Severity.WARNING
        assert finding.span is not None
        assert finding.span.file.endswith("spec.yaml")
        assert finding.label, "an edit is missing"
        assert not finding.message.endswith(".")
        assert re.search(r"\d", finding.message + finding.label + "".join(finding.notes)) or rule.code == "D0110"


@pytest.mark.parametrize("rule", ALL)
def test_is_silent_on_its_negative_sample(rule: Rule, tmp_path: Path) -> None:
    assert rule.code not in {f.code for f in linted(tmp_path, CODES[rule.code].right)}


@pytest.mark.parametrize("name", ["shufflenet_v2_x1_0", "resnet50"])
def test_networks_that_keep_the_rules_have_no_findings(name: str) -> None:
    assert lint(name, every_rule()).diagnostics == []


@pytest.mark.parametrize("rule", ALL)
def test_compares_its_number_with_the_threshold(rule: Rule, tmp_path: Path) -> None:
    text = CODES[rule.code].wrong
    numbers = [finding.number for finding in raw(tmp_path, text, rule)]
    assert numbers
    assert min(numbers) > rule.threshold
    kept = {field.name: getattr(rule, field.name) for field in fields(rule)}
    raised = type(rule)(**{**kept, "threshold": max(numbers)})
    assert raw(tmp_path, text, raised) == []


@pytest.mark.parametrize("rule", ALL)
def test_number_past_the_second_limit_is_an_error(rule: Rule, tmp_path: Path) -> None:
    kept = {field.name: getattr(rule, field.name) for field in fields(rule)}
    strict = type(rule)(**{**kept, "error": rule.threshold})
    found = linted(tmp_path, CODES[rule.code].wrong, [strict])
    assert {f.severity for f in found} == {Severity.ERROR}


@pytest.mark.parametrize("rule", ALL)
def test_predicts_the_gain_it_claims(rule: Rule, tmp_path: Path) -> None:
    for finding in raw(tmp_path, CODES[rule.code].wrong, rule):
        assert finding.edit
        if rule.claims is None:
            assert finding.gain is None
        else:
            assert finding.gain is not None
            assert finding.gain.quantity == rule.claims
            assert finding.gain.saved > 0


# Where the negative sample is the positive one with the edit carried out, the prediction must come true exactly.
CARRIED_OUT = {code: CODES[code].right for code in ("D0102", "D0103", "D0104", "D0105")} | {
    "D0109": CODES["D0109"].wrong.replace("  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}\n", ""),
    "G0301": """\
archdsl: 1
inputs: {image: [64, 28, 28]}
graph:
  - conv2d: {out_channels: 48, kernel_size: 1}
    from: image
  - split: {sizes: [16, 24, 8]}
    name: [one, two, three]
  - conv2d: {out_channels: 32, kernel_size: 3, padding: 1}
    from: two
    name: second
  - conv2d: {out_channels: 16, kernel_size: 5, padding: 2}
    from: three
    name: third
  - max_pool2d: {kernel_size: 3, stride: 1, padding: 1}
    from: image
  - conv2d: {out_channels: 16, kernel_size: 1}
    name: fourth
  - concat:
    from: [one, second, third, fourth]
""",
}


@pytest.mark.parametrize("code", sorted(CARRIED_OUT))
def test_predictions_come_true(code: str, tmp_path: Path) -> None:
    rule = BY_NAME[code]()
    gains = [f.gain for f in raw(tmp_path, CODES[code].wrong, rule) if f.gain is not None]
    before, after = (cost_of_text(tmp_path, text) for text in (CODES[code].wrong, CARRIED_OUT[code]))
    quantity = gains[0].quantity
    assert getattr(before, quantity) - getattr(after, quantity) == sum(gain.saved for gain in gains)


def test_figures_are_those_of_the_cost_report() -> None:
    for name in ("mobilenet_v2", "googlenet"):
        architecture = archdsl.load(name)
        costs, report = Costs(architecture.graph()), archdsl.cost(architecture)
        assert (costs.params, costs.mult_adds, costs.memory_access) == (
            report.params,
            report.mult_adds,
            report.memory_access,
        )


def test_graphs_without_a_file_are_linted_by_path() -> None:
    graph = archdsl.load("mobilenet_v2").graph()
    for node in graph.nodes:
        node.span = None
    found = lint_graph(graph, graph, every_rule())
    assert len(found) > 1
    assert all(entry.diagnostic.span is None for entry in found)
    assert all(any(note.startswith("in `") for note in entry.diagnostic.notes) for entry in found)
