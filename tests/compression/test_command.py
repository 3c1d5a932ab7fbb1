"""`archdsl compress` on the command line."""

from __future__ import annotations

import json

import pytest
from safetensors.torch import load_file, save_file

import archdsl
from tests.compression.conftest import difference


@pytest.fixture
def files(network, tmp_path):
    case = network("residual")
    save_file(case.module.state_dict(), tmp_path / "residual.safetensors")
    return case, tmp_path / "residual.yaml", tmp_path / "residual.safetensors", tmp_path / "new.yaml"


@pytest.mark.parametrize(
    ("kind", "options"),
    [("prune", ["--params", "0.5"]), ("factorize", ["--energy", "0.7"]), ("widen", []), ("deepen", [])],
)
def test_writes_a_spec_and_weights_that_go_together(cli, files, kind, options):
    case, spec, weights, new = files
    code, out, err = cli("compress", kind, spec, "--weights", weights, "-o", new, *options)
    assert code == 0, err
    assert "mult_adds" in out
    assert str(new) in out
    module = archdsl.compile(archdsl.load(new), "inference", new.with_suffix(".safetensors"))
    assert set(load_file(new.with_suffix(".safetensors"))) == set(module.state_dict())
    if kind in ("widen", "deepen"):
        assert difference(module(case.images), case.module(case.images)) < 1e-5
    code, _, err = cli("compress", kind, spec, "--weights", weights, "-o", new, *options)
    assert code == 2
    assert "--force" in err


def test_json_has_cost_before_and_after(cli, files):
    _, spec, weights, new = files
    code, out, _ = cli("compress", "prune", spec, "--weights", weights, "--mult-adds", "0.5", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert found["after"]["mult_adds"] <= 0.5 * found["before"]["mult_adds"]
    assert {"step", "what", "before", "after"} <= set(found["changes"][0])
    assert found["files"] == []
    assert not new.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prune"], "there is no budget"),
        (["prune", "--params", "0.001"], "at the least"),
        (["factorize", "--energy", "7"], "out of range"),
        (["widen", "--layer", "nothing"], "no convolution or linear"),
        (["deepen", "--step", "nothing"], "is no relu"),
        (["deepen", "--kernel-size", "4"], "odd"),
    ],
)
def test_mistakes_are_usage_errors(cli, files, arguments, message):
    kind, *options = arguments
    code, _, err = cli("compress", kind, files[1], *options)
    assert code == 2
    assert message in err
