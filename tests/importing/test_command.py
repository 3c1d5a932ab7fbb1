"""`archdsl import` on the command line."""

from __future__ import annotations

import pytest
from safetensors.numpy import load_file

import archdsl
from archdsl.cli.main import main


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "lenet5.onnx"
    archdsl.export_onnx(archdsl.load("lenet5"), path)
    return path


def test_a_spec_and_weights_are_written_that_belong_together(model, tmp_path, capsys):
    spec, weights = tmp_path / "net.yaml", tmp_path / "net.safetensors"
    assert main(["import", str(model), "-o", str(spec), "--weights", str(weights)]) == 0
    assert capsys.readouterr().out.split() == [str(spec), str(weights)]
    made = archdsl.load(spec)
    assert made.hash == archdsl.load("lenet5").hash
    assert set(archdsl.compile(made, weights=weights).state_dict()) == set(load_file(weights))
    assert main(["fmt", "--check", str(spec)]) == 0
    assert main(["check", str(spec)]) == 0


def test_without_output_the_spec_is_printed(model, capsys):
    assert main(["import", str(model), "--name", "mine"]) == 0
    answer = capsys.readouterr()
    assert answer.out.startswith("archdsl: 1\nname: mine\n")
    assert "params" in answer.err


def test_wrong_endings_are_wrong_usage(model, tmp_path):
    assert main(["import", str(model), "-o", str(tmp_path / "net.txt")]) == 2
    assert main(["import", str(model), "-o", str(tmp_path / "n.yaml"), "--weights", str(tmp_path / "w.pt")]) == 2
    assert main(["import", str(model), "--weights", str(tmp_path / "w.safetensors")]) == 2


def test_exported_programs_of_our_own_come_back(tmp_path, capsys):
    for name in ("lenet5", "digits_resnet"):
        path = tmp_path / f"{name}.pt2"
        archdsl.export_program(archdsl.load(name), path)
        assert main(["import", str(path), "-o", str(tmp_path / f"{name}.yaml")]) == 0
        capsys.readouterr()
        found, given = archdsl.load(tmp_path / f"{name}.yaml"), archdsl.load(name)
        assert archdsl.cost(found).params == archdsl.cost(given).params
        assert archdsl.cost(found).mult_adds == archdsl.cost(given).mult_adds
