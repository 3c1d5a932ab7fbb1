"""`archdsl lint`: options, configuration, exit status, formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

BIASED = """\
archdsl: 1
inputs: {image: [8, 8, 8]}
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
  - batch_norm2d
"""
UNBALANCED = """\
archdsl: 1
inputs: {image: [3, 56, 56]}
graph:
  - conv2d: {out_channels: 36, kernel_size: 3, padding: 1}
  - conv2d: {out_channels: 432, kernel_size: 1}
  - conv2d: {out_channels: 36, kernel_size: 1}
  - global_avg_pool2d
  - linear: {out_features: 10}
"""


@pytest.fixture
def specs(folder: Path) -> Path:
    (folder / "biased.yaml").write_text(BIASED)
    (folder / "unbalanced.yaml").write_text(UNBALANCED)
    return folder


def found(answer) -> list[tuple[str, str]]:
    return [(d["code"], d["severity"]) for d in json.loads(answer.out)["diagnostics"]]


def test_a_clean_network_says_so(archdsl, specs) -> None:
    answer = archdsl("lint", "resnet18")
    assert (answer.status, answer.out) == (0, "")
    assert "1 network looked at, no findings" in answer.err


def test_warnings_fail_only_if_asked(archdsl, specs) -> None:
    answer = archdsl("lint", "biased.yaml")
    assert answer.status == 0
    assert "warning[D0104]" in answer.out
    assert "^^^^^^ bias: false" in answer.out
    assert archdsl("lint", "biased.yaml", "--fail-on", "warning").status == 1
    assert archdsl("lint", "resnet18", "--fail-on", "warning").status == 0


def test_several_specs_and_formats(archdsl, specs) -> None:
    answer = archdsl("lint", "biased.yaml", "unbalanced.yaml", "resnet18", "--format", "json")
    assert found(answer) == [("D0104", "warning"), ("G0101", "warning"), ("G0101", "warning")]
    assert "3 networks looked at: 3 warnings" in answer.err
    assert archdsl("lint", "biased.yaml", "--format", "github").out.startswith("::warning file=biased.yaml,line=4")
    sarif = json.loads(archdsl("lint", "biased.yaml", "--format", "sarif").out)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "D0104"
    assert found(archdsl("lint", "resnet18", "--format", "json")) == []


def test_budgets(archdsl, specs) -> None:
    answer = archdsl("lint", "resnet18", "--max", "mult_adds=1.8G", "--max", "params=12M", "--format", "json")
    assert answer.status == 1
    assert found(answer) == [("E1201", "error")]
    fine = [f"--max={name}=1T" for name in ("memory_access", "peak_activation", "peak_activation_bytes", "flops")]
    assert archdsl("lint", "resnet18", *fine).status == 0


def test_thresholds(archdsl, specs) -> None:
    assert found(archdsl("lint", "unbalanced.yaml", "--threshold", "G1=2", "--format", "json")) == []
    answer = archdsl("lint", "unbalanced.yaml", "--threshold", "G0101=1.1:1.5", "--format", "json")
    assert answer.status == 1
    assert found(answer) == [("G0101", "error")] * 2
    assert found(archdsl("lint", "unbalanced.yaml", "--ignore", "g1", "--format", "json")) == []


def test_object_size(archdsl, specs) -> None:
    assert found(archdsl("lint", "unbalanced.yaml", "--ignore", "G1", "--object-size", 3, "--format", "json")) == []
    answer = archdsl("lint", "unbalanced.yaml", "--ignore", "G1", "--object-size", 4, "--format", "json")
    assert found(answer) == [("D0108", "warning")]


@pytest.mark.parametrize("table", ["lint", "tool.archdsl.lint"])
def test_configuration(archdsl, specs, table: str) -> None:
    Path("lint.toml").write_text(f"""
[{table}]
fail_on = "warning"
ignore = ["D0104"]
object_size = 2
[{table}.max]
params = "1k"
mult_adds = 1_000_000_000
[{table}.rules.G1]
threshold = 1.9
error = 3
[{table}.rules.G0301]
parallelism = 2
""")
    assert found(archdsl("lint", "biased.yaml", "--config", "lint.toml", "--format", "json")) == []
    answer = archdsl("lint", "unbalanced.yaml", "--config", "lint.toml", "--format", "json")
    assert (answer.status, found(answer)) == (1, [("E1201", "error")])
    # Options win over the file.
    options = ["--max", "params=1M", "--threshold", "G1=1.5"]
    answer = archdsl("lint", "unbalanced.yaml", "--config", "lint.toml", *options, "--format", "json")
    assert (answer.status, found(answer)) == (1, [("G0101", "warning")] * 2)
    assert archdsl("lint", "unbalanced.yaml", "--config", "lint.toml", *options, "--fail-on", "error").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--max", "mult_adds"], "NAME=AMOUNT is needed"),
        (["--max", "mult_add=3"], "did you mean `mult_adds`?"),
        (["--max", "params=many"], "is no amount"),
        (["--max", "params=1M", "--max", "params=2M"], "`params` is given twice"),
        (["--threshold", "G1"], "CODE=NUMBER"),
        (["--threshold", "G1=high"], "CODE=NUMBER"),
        (["--threshold", "G1=nan"], "cannot be nan"),
        (["--threshold", "G9=1"], "there is no lint `G9`"),
        (["--ignore", "D01"], "there is no lint `D01`"),
        (["--object-size", "0"], "--object-size"),
        (["--fail-on", "info"], "info"),
        (["--config", "missing.toml"], "missing.toml"),
    ],
)
def test_wrong_usage(archdsl, specs, arguments: list[str], said: str) -> None:
    answer = archdsl("lint", "biased.yaml", *arguments)
    assert answer.status == 2
    assert said in answer.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[lint", "not TOML"),
        ("[other]", "no table `lint`"),
        ("[lint]\nfail-on = 'error'", "no setting `fail-on`; did you mean `fail_on`?"),
        ("[lint]\nfail_on = 'info'", "fail_on is"),
        ("[lint]\nobject_size = 1.5", "whole number"),
        ("[lint]\nignore = 'D0104'", "list of codes"),
        ("[lint]\nmax = 3", "`max` is a table"),
        ("[lint.max]\nmacs = 3", "no budget for `macs`"),
        ("[lint.rules.G1]\nlimit = 3", "has no setting `limit`"),
        ("[lint.rules.G1]\nthreshold = '3'", "cannot be '3'"),
        ("[lint.rules.G2]\ndepthwise = 1", "cannot be 1"),
        ("[lint.rules]\nG1 = 1.5", "`rules.G1` is a table"),
    ],
)
def test_wrong_configuration(archdsl, specs, text: str, said: str) -> None:
    Path("lint.toml").write_text(text)
    answer = archdsl("lint", "biased.yaml", "--config", "lint.toml")
    assert answer.status == 2
    assert said in answer.err


def test_a_wrong_spec_is_diagnosed(archdsl, specs) -> None:
    Path("wrong.yaml").write_text(BIASED.replace("padding", "paddin"))
    answer = archdsl("lint", "wrong.yaml", "resnet18")
    assert answer.status == 1
    assert "error[E0205]" in answer.out


def test_spaces_say_that_one_candidate_was_looked_at(archdsl, specs) -> None:
    assert "one candidate is looked at" in archdsl("lint", "space.yaml").err
