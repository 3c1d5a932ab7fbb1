"""`archdsl report`."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import SPEC


@pytest.mark.parametrize(
    ("file", "start"),
    [
        ("r.html", "<!DOCTYPE html>"),
        ("r.md", "### `net`"),
        ("r.json", "{"),
        ("r.csv", "network,path"),
        ("R.HTM", "<!D"),
    ],
)
def test_the_ending_says_the_format(archdsl, folder, file, start):
    answer = archdsl("report", "net.yaml", "-o", file)
    assert (answer.status, answer.out, answer.err) == (0, f"{file}\n", "")
    assert (folder / file).read_text(encoding="utf-8").startswith(start)


def test_without_a_file_it_prints(archdsl):
    assert archdsl("report", "net.yaml").out.startswith("### `net`")
    assert archdsl("report", "net.yaml", "--format", "csv").out.count("\n") == 6


def test_the_formats_agree_with_cost(archdsl):
    cost = json.loads(archdsl("cost", "net.yaml", "--batch-size", 3, "--format", "json").out)
    found = json.loads(archdsl("report", "net.yaml", "--batch-size", 3, "--format", "json").out)
    assert found["networks"][0]["cost"] == cost
    assert f"{cost['mult_adds']:,}" in archdsl("report", "net.yaml", "--batch-size", 3).out
    assert f"{cost['mult_adds']:,}" in archdsl("report", "net.yaml", "--batch-size", 3, "--format", "html").out


def test_two_specs_are_before_and_after(archdsl, folder):
    (folder / "wide.yaml").write_text(SPEC.replace("width: 4", "width: 8").replace("name: net", "name: wide"))
    text = archdsl("report", "net.yaml", "wide.yaml").out
    assert "| before | after | difference |" in text
    assert "+40" in text
    assert "<summary>Layers: 5 changed</summary>" in text


def test_options_hold_for_every_spec(archdsl):
    found = json.loads(archdsl("report", "net.yaml", "resnet18", "--set", "num_classes=7", "--format", "json").out)
    assert [network["cost"]["outputs"]["logits"] for network in found["networks"]] == [[7], [7]]


def test_findings_are_those_of_the_linter(archdsl, folder):
    (folder / "biased.yaml").write_text(SPEC.replace(", bias: false", ""))
    (network,) = json.loads(archdsl("report", "biased.yaml", "--format", "json").out)["networks"]
    (found,) = [found for found in network["findings"] if found["code"] == "D0104"]
    assert found["path"] == "conv2d"
    assert found["place"].startswith("biased.yaml:6:")
    assert found["edit"] == "bias: false"
    assert found["gain"].startswith("predicted params: 36 instead of 40")
    (clean,) = json.loads(archdsl("report", "net.yaml", "--format", "json").out)["networks"]
    assert "D0104" not in [found["code"] for found in clean["findings"]]


def test_a_device_gives_bounds(archdsl, folder):
    (folder / "device.json").write_text('{"name": "mine", "peak_flops": 1e9, "bandwidth": 1e9}')
    assert "Time at least (mine)" in archdsl("report", "net.yaml", "--device", "device.json").out
    (network,) = json.loads(archdsl("report", "net.yaml", "--device", "device.json", "--format", "json").out)[
        "networks"
    ]
    assert network["bound"]["seconds"] == pytest.approx(sum(network["bound"]["layers"]))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["net.yaml", "-o", "report.pdf"], "end it in .html"),
        (["net.yaml", "--device", "no.json"], "no.json"),
        (["net.yaml", "--device", "net.yaml"], "not JSON"),
        (["net.yaml", "--batch-size", "0"], "--batch-size"),
        (["net.yaml", "--batch-size", "9" * 30], "--batch-size"),
        ([], "SPEC"),
    ],
)
def test_wrong_usage_is_said(archdsl, folder, arguments, says):
    answer = archdsl("report", *arguments)
    assert answer.status == 2
    assert says in answer.err
    assert "internal error" not in answer.err


def test_a_broken_spec_is_a_finding_and_leaves_no_file(archdsl, folder):
    (folder / "broken.yaml").write_text(SPEC.replace("relu", "rellu"))
    answer = archdsl("report", "net.yaml", "broken.yaml", "-o", "r.html")
    assert answer.status == 1
    assert "did you mean" in answer.err
    assert not (folder / "r.html").exists()
