"""`archdsl compile --explain`."""

from __future__ import annotations

import json

import pytest


def test_says_what_each_pass_did(archdsl, folder):
    answer = archdsl("compile", "net.yaml", "--explain")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert lines[0] == "net, one sample"
    assert lines[2].split() == ["pass", "operators", "mult_adds", "memory_access"]
    assert lines[3].startswith("as written")
    last = next(line for line in lines if line.startswith("all of them"))
    assert last.split()[3] == "3"
    assert last.endswith("%)")
    assert "affine_folding: folded 1 normalisation into layers" in lines
    assert "    batch_norm2d into conv2d" in lines
    assert "activation_fusion: made 1 activation part of the layer before" in lines
    assert not list(folder.glob("*.safetensors"))


def test_answers_programs_and_measures(archdsl):
    answer = archdsl("compile", "net.yaml", "--explain", "--timed", "--format", "json")
    assert answer.status == 0
    found = json.loads(answer.out)
    assert found["network"] == "net"
    assert found["runtime"].startswith("torch ")
    first, *rest = found["passes"]
    assert (first["pass"], first["operators"]) == ("as written", 5)
    assert [row["pass"] for row in rest] == ["affine_form", "affine_folding", "activation_fusion"]
    assert rest[-1]["operators"] == 3
    assert rest[-1]["nodes"] == ["relu"]
    assert all(row["seconds"] > 0 for row in found["passes"])
    assert all(row["mult_adds"] == first["mult_adds"] for row in rest)


def test_times_are_shown_with_their_change(archdsl):
    answer = archdsl("compile", "net.yaml", "--explain", "--timed")
    assert answer.status == 0
    assert "measured with a batch of 1: torch " in answer.out
    assert "plain modules" in answer.out
    assert answer.out.count("%)") >= 3


@pytest.mark.parametrize("runtime", ["auto", "torch", "onnxruntime", "openvino"])
def test_times_on_a_runtime(archdsl, runtime):
    answer = archdsl("compile", "net.yaml", "--explain", "--timed", "--runtime", runtime, "--batch-size", "2")
    assert answer.status == 0
    name = "onnxruntime" if runtime == "auto" else runtime
    assert f"measured with a batch of 2: {name} " in answer.out
    assert answer.out.count("%)") >= 3


def test_options_that_need_it(archdsl):
    answer = archdsl("compile", "net.yaml", "--explain", "--runtime", "torch")
    assert answer.status == 2
    assert "--runtime goes with --timed" in answer.err
    answer = archdsl("compile", "net.yaml", "--timed")
    assert answer.status == 2
    assert "go with --explain" in answer.err
