"""`archdsl profile`, and `--device` of the commands that predict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import archdsl as api
from archdsl.passes.optimization import optimize
from tests.analysis.latency.made_up import optimized, profile


@pytest.fixture
def device(folder: Path) -> str:
    """The file of a profile that predicts."""
    api.write_profile(profile(), "device.json")
    return "device.json"


def test_measures_a_network_and_its_layers(archdsl: Any, folder: Path) -> None:
    answer = archdsl("profile", "resnet20_cifar_a", "--rounds", 2, "--format", "json")
    assert answer.status == 0, answer.err
    found = json.loads(answer.out)
    assert (found["schema_version"], found["name"], found["rounds"]) == (1, "resnet20_cifar_a", 2)
    assert (found["device"]["kind"], found["runtime"], found["batch_size"]) == ("cpu", "eager", 1)
    graph = api.load("resnet20_cifar_a").graph()
    assert [layer["path"] for layer in found["layers"]] == [node.path for node in graph.nodes]
    for seconds in (found["seconds"], *(layer["seconds"] for layer in found["layers"])):
        assert 0 < seconds["least"] <= seconds["lower"] <= seconds["median"] <= seconds["upper"]
    assert found["steps_seconds"] == pytest.approx(sum(layer["seconds"]["median"] for layer in found["layers"]))


def test_processor_time_of_one_thread(archdsl: Any, folder: Path) -> None:
    import torch

    before = torch.get_num_threads()
    answer = archdsl("profile", "lenet5", "--rounds", 2, "--threads", 1, "--clock", "cpu", "--format", "json")
    assert answer.status == 0, answer.err
    found = json.loads(answer.out)
    assert (found["clock"], found["device"]["threads"]) == ("cpu", 1)
    assert found["seconds"]["least"] > 0
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("rows", ["layers", "operators", "none"])
def test_says_it_as_text(archdsl: Any, folder: Path, rows: str) -> None:
    answer = archdsl("profile", "lenet5", "--rounds", 2, "--by", rows)
    assert answer.status == 0, answer.err
    assert "whole network" in answer.out
    assert "quartiles" in answer.out
    assert ("share" in answer.out) == (rows != "none")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["profile"], "a SPEC is needed, or --fit"),
        (["profile", "lenet5", "--fit", "-o", "p.json"], "leave SPEC out"),
        (["profile", "--fit"], "--fit needs --output"),
        (["profile", "lenet5", "-o", "p.json"], "go with --fit"),
        (["profile", "lenet5", "--device", "tpu"], "tpu"),
        (["profile", "lenet5", "--device", "cuda:99"], "cuda:99"),
        (["profile", "lenet5", "--rounds", "1"], "--rounds"),
        (["profile", "lenet5", "--clock", "cpu", "--threads", "2"], "one thread"),
        (["profile", "lenet5", "--threads", "0"], "--threads"),
        (["profile", "lenet5", "--threads", "100000"], "100,000 threads"),
        (["profile", "--fit", "--force", "-o", "."], "this is a folder"),
        (["profile", "--fit", "-o", "device.json"], "--force overwrites it"),
        (["profile", "--fit", "-o", "device.json/p.json"], "device.json"),
        (["profile", "lenet5", "--batch-size", "0"], "--batch-size"),
        (["cost", "lenet5", "--device", "device.json", "--training"], "--device predicts the time of inference"),
        (["cost", "lenet5", "--device", "device.json", "--dtype", "int8"], "measured in float32"),
        (["cost", "lenet5", "--device", "device.json", "--fuse"], "--mode inference"),
        (["cost", "lenet5", "--device", "optimized.json", "--dtype", "float32"], "measured in bfloat16"),
        (["cost", "lenet5", "--device", "mode.json"], "the mode is plain or inference, not 'fast'"),
        (["report", "lenet5", "--device", "optimized.json"], "it predicts the optimized form"),
        (["lint", "lenet5", "--device", "optimized.json"], "it predicts the optimized form"),
        (["profile", "lenet5", "--dtype", "bfloat16"], "goes with --mode inference"),
        (["profile", "--fit", "--dtype", "bfloat16", "-o", "p.json"], "goes with --mode inference"),
        (["profile", "lenet5", "--mode", "fast"], "--mode"),
        (["cost", "lenet5", "--device", "nothing.json"], "nothing.json"),
        (["cost", "lenet5", "--device", "bare.json"], "predicts no time"),
        (["cost", "lenet5", "--device", "wrong.json"], "not JSON"),
        (["lint", "lenet5", "--device", "wrong.json"], "not JSON"),
        (["report", "lenet5", "--device", "wrong.json"], "not JSON"),
        (["cost", "lenet5", "--device", "device.json", "--batch-size", str(10**16)], "less than or equal to 1000000"),
    ],
)
def test_wrong_usage(archdsl: Any, folder: Path, device: str, arguments: list[str], says: str) -> None:
    Path("bare.json").write_text('{"peak_flops": 1e9, "bandwidth": 1e9}')
    Path("mode.json").write_text('{"peak_flops": 1e9, "bandwidth": 1e9, "mode": "fast"}')
    api.write_profile(optimized(), "optimized.json")
    Path("wrong.json").write_text("{")
    answer = archdsl(*arguments)
    assert answer.status == 2
    assert says in answer.err
    assert not Path("p.json").exists()


def test_a_profile_is_not_overwritten(archdsl: Any, folder: Path, device: str) -> None:
    answer = archdsl("profile", "--fit", "-o", device)
    assert answer.status == 2
    assert "--force" in answer.err


def test_cost_adds_the_predicted_time(archdsl: Any, folder: Path, device: str) -> None:
    answer = archdsl("cost", "mobilenet_v2", "--device", device, "--format", "json")
    assert answer.status == 0, answer.err
    found = json.loads(answer.out)
    latency, expected = found["latency"], api.predict_latency(api.load("mobilenet_v2"), device)
    assert latency["seconds"] == expected.seconds
    assert latency["low"] <= latency["high"]
    assert [layer["path"] for layer in latency["layers"]] == [layer["path"] for layer in found["layers"]]
    for rows in ("layers", "cells", "operators", "none"):
        text = archdsl("cost", "mobilenet_v2", "--device", device, "--by", rows).out
        assert "predicted time" in text
        assert ("predicted\n" in text) == (rows != "none")


def test_lint_says_it_in_time(archdsl: Any, folder: Path, device: str) -> None:
    arguments = ("lint", "mobilenet_v2", "--threshold", "G4=0.01")
    assert "predicted time" not in archdsl(*arguments).out
    text = archdsl(*arguments, "--device", device).out
    assert "of the predicted time on made up" in text
    assert "if time follows memory_access; now" in text


def test_report_has_the_predicted_time_in_every_format(archdsl: Any, folder: Path, device: str) -> None:
    for name in ("r.html", "r.md", "r.json", "r.csv"):
        answer = archdsl("report", "mobilenet_v2", "squeezenet1_1", "--device", device, "-o", name)
        assert answer.status == 0, answer.err
    expected = api.predict_latency(api.load("mobilenet_v2"), device)
    found = json.loads(Path("r.json").read_text())
    assert found["networks"][0]["latency"]["seconds"] == expected.seconds
    assert "predictor" not in found["device"]
    page = Path("r.html").read_text()
    assert "Predicted time" in page
    assert "predicted time (ms)" in page
    assert "Predicted time (made up)" in Path("r.md").read_text()
    head, first, *_ = Path("r.csv").read_text().splitlines()
    assert head.endswith("bound_seconds,predicted_seconds")
    assert float(first.rsplit(",", 1)[1]) == expected.layers[0].seconds


def test_the_optimized_form_is_measured_step_by_step(archdsl: Any, folder: Path) -> None:
    for batch_size, dtype in ((1, "float32"), (3, "float32"), (1, "bfloat16")):
        how = ("--mode", "inference", "--dtype", dtype, "--batch-size", batch_size, "--rounds", 2)
        answer = archdsl("profile", "resnet20_cifar_a", *how, "--format", "json")
        if dtype == "bfloat16" and "only where oneDNN fuses them: not in bfloat16" in answer.err:
            continue  # a processor without instructions for it
        assert answer.status == 0, answer.err
        found = json.loads(answer.out)
        assert (found["mode"], found["runtime"], found["dtype"]) == ("inference", "torch", dtype)
        steps = optimize(api.load("resnet20_cifar_a").graph()).graph.nodes
        assert [(layer["path"], layer["op"]) for layer in found["layers"]] == [(s.path, s.op.name) for s in steps]
        taken = {layer["op"]: layer["seconds"]["least"] for layer in found["layers"]}
        assert min(taken["fused_conv2d"], taken["linear"]) > 0
    assert "optimized for inference, torch" in archdsl("profile", "lenet5", "--mode", "inference", "--rounds", 2).out


def test_a_profile_of_the_optimized_form_predicts_that(archdsl: Any, folder: Path) -> None:
    api.write_profile(optimized(), "device.json")
    answer = archdsl("cost", "mobilenet_v2", "--device", "device.json", "--format", "json")
    assert answer.status == 0, answer.err
    latency = json.loads(answer.out)["latency"]
    steps = optimize(api.load("mobilenet_v2").graph()).graph.nodes
    assert (latency["mode"], latency["dtype"]) == ("inference", "bfloat16")
    assert [layer["path"] for layer in latency["layers"]] == [step.path for step in steps]
    assert latency["seconds"] == pytest.approx(sum(layer["seconds"] for layer in latency["layers"]))
    assert latency["seconds"] < api.predict_latency(api.load("mobilenet_v2"), profile()).seconds
    for rows in ("layers", "cells", "operators", "none"):
        text = archdsl("cost", "mobilenet_v2", "--device", "device.json", "--by", rows, "--fuse").out
        assert 'of archdsl.compile(mode="inference", runtime="torch"), bfloat16' in text
        assert "predicted\n" not in text  # rows are layers as they are written
