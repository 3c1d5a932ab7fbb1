"""`archdsl cost` and `archdsl fit`: options, formats, exit status."""

from __future__ import annotations

import json

import pytest


def test_merged_layers(archdsl) -> None:
    plain = json.loads(archdsl("cost", "net.yaml", "--format", "json").out)
    answer = archdsl("cost", "net.yaml", "--fold-batch-norm", "--fuse", "--dtype", "int8", "--format", "json")
    merged = json.loads(answer.out)
    assert merged["params"] == plain["params"] - 4
    assert merged["memory_access_bytes"] == merged["memory_access"] < plain["memory_access"]
    assert merged["options"] == {"fold_batch_norm": True, "fuse": True, "dtype": "int8"}
    assert [row["merged_into"] for row in merged["layers"]] == ["", "conv2d", "batch_norm2d", "", ""]


def test_the_number_of_another_tool(archdsl) -> None:
    answer = archdsl("cost", "resnet50", "--compat", "fvcore")
    assert answer.out.startswith("fvcore: 4,111,512,576 (4.11 G) flops, each a multiply-add, for one sample\n")
    data = json.loads(archdsl("cost", "resnet50", "--compat", "flopcounter", "--format", "json").out)
    assert (data["tool"], data["number"]) == ("flopcounter", 2 * 4089184256)
    compiled = json.loads(
        archdsl("cost", "resnet50", "--compat", "ptflops", "--compat-form", "compiled", "--format", "json").out
    )
    modules = json.loads(archdsl("cost", "resnet50", "--compat", "ptflops", "--format", "json").out)
    assert compiled["number"] < modules["number"] == 4132436968


def test_formulas(archdsl) -> None:
    answer = archdsl("cost", "net.yaml", "--symbolic")
    assert "params        = width*num_classes + 11*width + num_classes" in answer.out
    data = json.loads(archdsl("cost", "net.yaml", "--symbolic", "--format", "json").out)
    assert data["params"] == "width*num_classes + 11*width + num_classes"
    assert [v["name"] for v in data["variables"]] == ["height", "input_width", "width", "num_classes"]


def test_memory(archdsl) -> None:
    answer = archdsl("cost", "resnet50", "--training", "--optimizer", "adam", "--batch-size", 64)
    assert "adam state" in answer.out
    assert "kept for backward" in answer.out
    data = json.loads(archdsl("cost", "net.yaml", "--memory", "1GiB", "--format", "json").out)
    assert data["memory"] == 2**30
    assert data["largest_batch"] == (2**30 - data["weights"]) // data["activations"]
    assert "the largest batch that fits into 1.07 GB has" in archdsl("cost", "net.yaml", "--memory", "1GiB").out
    assert "no batch fits into 10 B" in archdsl("cost", "net.yaml", "--memory", "10").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--optimizer", "adam"], "add --training"),
        (["--training", "--fuse"], "inference only"),
        (["--compat", "thop", "--fuse"], "inference only"),
        (["--compat", "thop", "--symbolic"], "take one of them"),
        (["--memory", "much"], "no amount"),
        (["--memory", "1e400"], "more than anything"),
        (["--compat", "thop", "--training"], "one sample in evaluation"),
        (["--compat", "thop", "--batch-size", "2"], "one sample in evaluation"),
        (["--compat", "thop", "--dtype", "int8"], "one sample in evaluation"),
        (["--compat-form", "compiled"], "goes with --compat"),
        (["--symbolic", "--batch-size", "2"], "the batch as a variable"),
        (["--symbolic", "--dtype", "int8"], "counts elements"),
        (["--decisions", "[1]"], "a JSON object is needed"),
    ],
)
def test_options_that_do_not_go_together(archdsl, arguments: list[str], message: str) -> None:
    answer = archdsl("cost", "net.yaml", *arguments)
    assert answer.status == 2
    assert message in answer.err


def test_fit(archdsl) -> None:
    answer = archdsl("fit", "net.yaml", "--param", "width", "--budget", "params=1k", "--budget", "mult_adds=1M")
    # 21 * width + 10 parameters.
    assert answer.status == 0
    assert answer.out.splitlines()[0] == "width = 47"
    assert "the next value, 48, gives params 1,018" in answer.out
    assert answer.out.splitlines()[-1] == "archdsl cost net.yaml --set width=47"
    data = json.loads(archdsl("fit", "net.yaml", "-p", "width", "-b", "params=1k", "--step", 8, "--format", "json").out)
    assert (data["value"], data["figures"], data["monotone"]) == (40, {"params": 850}, True)


def test_nothing_fits(archdsl) -> None:
    answer = archdsl("fit", "net.yaml", "--param", "width", "--budget", "params=5")
    assert answer.status == 1
    assert answer.out.startswith("no value of width keeps net within the budget\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "wdth", "-b", "params=1k"], "did you mean `width`"),
        (["-p", "width", "-b", "parms=1k"], "did you mean `params`"),
        (["-p", "width", "-b", "params"], "NAME=AMOUNT is needed"),
        (["-p", "width", "-b", "params=few"], "no amount"),
        (["-p", "width", "-b", "params=1k", "-b", "params=2k"], "given twice"),
        (["-p", "width", "-b", "params=1k", "--step", "0.5"], "positive whole number"),
        (["-p", "width", "-b", "params=1k", "--step", "nan"], "above 0"),
        (["-p", "width", "-b", "params=1k", "--step", "inf"], "above 0"),
        (["-p", "width", "-b", "params=1k", "--step", "-1"], "above 0"),
        (["-p", "width", "-b", "params=1e999999999"], "more than anything"),
    ],
)
def test_wrong_use_of_fit(archdsl, arguments: list[str], message: str) -> None:
    answer = archdsl("fit", "net.yaml", *arguments)
    assert answer.status == 2
    assert message in answer.err
