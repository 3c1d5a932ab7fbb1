"""Lints of files: one finding for a written step, allowances, variants, spaces, budgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.analysis.lints.budgets import amount
from archdsl.analysis.lints.catalogue import RULES
from archdsl.analysis.lints.rule import Rule
from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.pipeline.linting import lint
from archdsl.spec.library import index

BIASED = """\
archdsl: 1
inputs: {image: [8, 8, 8]}
%sgraph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
  - batch_norm2d
"""
VARIANTS = """\
archdsl: 1
params: {biased: false}
inputs: {image: [8, 8, 8]}
allow: [{code: D0104, reason: published weights have it}]
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1, bias: biased}
  - batch_norm2d
variants:
  plain: {}
  old: {params: {biased: true}}
"""
SPACE = """\
archdsl: 1
inputs: {image: [8, 8, 8]}
graph:
  - conv2d: {out_channels: 8, kernel_size: {choose: [9, 3]}, padding: 0}
  - batch_norm2d
"""


def rules() -> list[Rule]:
    return [rule() for rule in RULES]


def found(folder: Path, text: str, name: str = "net.yaml", variant: str = "") -> list[Diagnostic]:
    (folder / name).write_text(text, encoding="utf-8")
    return lint(f"{folder / name}{variant}", rules()).diagnostics


def codes(diagnostics: list[Diagnostic]) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def test_a_cell_that_is_called_often_gives_one_finding(tmp_path: Path) -> None:
    text = """\
archdsl: 1
inputs: {image: [8, 8, 8]}
cells:
  block:
    graph:
      - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
      - batch_norm2d
graph:
  - block:
    repeat: 16
"""
    (finding,) = found(tmp_path, text)
    assert finding.code == "D0104"
    assert finding.span is not None
    assert (finding.span.line, finding.span.column) == (6, 9)
    assert "predicted params: 9,216 instead of 9,344, 1.4% less; that is 1.3% of the network's 9,600" in finding.notes
    assert any(note.startswith("stands for 16 places") for note in finding.notes)
    assert any(note.startswith("in cell `block`, round 1 of 16, called at ") for note in finding.notes)


def test_shared_weights_are_saved_once(tmp_path: Path) -> None:
    text = """\
archdsl: 1
inputs: {image: [8, 8, 8]}
graph:
  - for: {i: 3}
    do:
      - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
        share: shared
      - batch_norm2d
"""
    (finding,) = found(tmp_path, text)
    assert any(note.startswith("stands for 3 places") for note in finding.notes)
    assert any(note.startswith("predicted params: 576 instead of 584") for note in finding.notes)


def test_steps_of_the_library_are_pointed_at_where_they_are_called(tmp_path: Path) -> None:
    text = """\
archdsl: 1
inputs: {image: [8, 8, 8]}
import: {cells/conv: [conv_bn_act]}
graph:
  - conv_bn_act: {out_channels: 8}
  - conv_bn_act: {out_channels: 8, bias: true}
"""
    (finding,) = found(tmp_path, text)
    assert finding.span is not None
    assert finding.span.file.endswith("net.yaml")
    assert finding.span.line == 6
    assert any("in the library" in note for note in finding.notes)


def test_a_file_allows_lints_with_a_reason(tmp_path: Path) -> None:
    assert codes(found(tmp_path, BIASED % "")) == ["D0104"]
    assert found(tmp_path, BIASED % "allow: [{code: D0104, reason: kept}]\n") == []


def test_an_allowance_that_silences_nothing_is_found(tmp_path: Path) -> None:
    (idle,) = found(tmp_path, BIASED % "allow: [{code: D0104, reason: a}, {code: G0301, reason: b}]\n")
    assert idle.code == "W0207"
    assert "G0301" in idle.message


def test_an_allowance_of_a_rule_that_did_not_run_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(BIASED % "allow: [{code: D0104, reason: a}, {code: D0108, reason: b}, {code: W0202, reason: c}]\n")
    assert lint(path, rules()).diagnostics == []  # without a size of objects nothing looks for D0108
    assert lint(path, []).diagnostics == []


def test_an_allowance_may_be_for_another_variant(tmp_path: Path) -> None:
    for variant in ("", "@plain", "@old"):
        assert found(tmp_path, VARIANTS, variant=variant) == []
    idle = VARIANTS.replace("biased: true", "biased: false")
    assert codes(found(tmp_path, idle, variant="@plain")) == ["W0207"]


def test_an_allowance_silences_what_would_be_an_error(tmp_path: Path) -> None:
    strict = [rule(error=0) if rule.code == "D0104" else rule() for rule in RULES]
    path = tmp_path / "net.yaml"
    path.write_text(BIASED % "")
    assert [f.severity for f in lint(path, strict).diagnostics] == [Severity.ERROR]
    path.write_text(BIASED % "allow: [{code: D0104, reason: kept}]\n")
    assert lint(path, strict).diagnostics == []


def test_a_candidate_of_a_space_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(SPACE)
    linted = lint(path, rules())  # the first option does not fit: another candidate is taken
    assert linted.candidate
    assert codes(linted.diagnostics) == ["D0104"]
    chosen = lint(path, rules(), decisions={"conv2d/kernel_size": 3})
    assert not chosen.candidate
    assert codes(chosen.diagnostics) == ["D0104"]


def test_errors_of_the_spec_come_alone(tmp_path: Path) -> None:
    assert codes(found(tmp_path, BIASED.replace("padding: 1", "paddin: 1") % "")) == ["E0205"]
    assert codes(lint("no_such_network", rules()).diagnostics) == ["E0101"]
    assert codes(found(tmp_path, "archdsl: 1\ncells: {a: {graph: [relu]}}\n")) == ["E0107"]


def test_budgets_are_errors_that_name_what_takes_most() -> None:
    (over,) = lint("resnet18", [], {"mult_adds": 10**9, "params": 10**8}).diagnostics
    assert (over.code, over.severity) == ("E1201", Severity.ERROR)
    assert over.span is not None
    assert "1,814,073,344" in over.message
    assert "81.4% more than the budget of 1,000,000,000" in over.message
    assert over.notes[0].startswith("the steps that take most: ")
    assert lint("resnet18", [], {"mult_adds": 1_814_073_344}).diagnostics == []
    with pytest.raises(ValueError, match="no budget for `macs`"):
        lint("resnet18", [], {"macs": 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("300M", 300_000_000), ("5.3 M", 5_300_000), ("1.5e6", 1_500_000), ("64MiB", 64 * 2**20), ("1_000", 1000),
     ("2k", 2000), ("2K", 2000), ("1,234", 1234), ("9007199254740993", 9007199254740993), ("1GB", 10**9), ("0", 0)],
)  # fmt: skip
def test_amounts(text: str, expected: int) -> None:
    assert amount(text) == expected


@pytest.mark.parametrize("text", ["", "M", "-1", "3X", "1e-3", "nan", "1 M M", "0x10", "１"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        amount(text)


@pytest.mark.parametrize("text", ["1e30", "1e400", "1e999999999", "9" * 40])
def test_amounts_beyond_all_counting(text: str) -> None:
    with pytest.raises(ValueError, match="more than anything"):
        amount(text)


def test_every_shipped_network_and_space_can_be_linted() -> None:
    for name in index():
        linted = lint(name, rules(), {"memory_access": 2**60})
        assert {code[0] for code in codes(linted.diagnostics)} <= {"G", "D"}, name
        assert len(linted.diagnostics) < 60, name
