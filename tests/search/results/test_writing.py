"""Networks as files: loaded again they are the network that was found, with its weights."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

import archdsl
from archdsl_search.errors import SearchError
from archdsl_search.results import writing
from archdsl_search.results.best import write_all
from archdsl_search.results.run import Run
from archdsl_search.results.selection import best
from archdsl_search.results.transfer import transferred

from .conftest import INPUTS, PARAMS


@pytest.fixture(scope="module")
def found(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("best")
    read = Run(run)
    return folder, write_all(read, best(read, 2), folder)


def test_the_best_network_is_whole(found, run, space, candidates):
    folder, (first, second) = found
    assert first["trial"] == 4
    assert first["objective"] == 0.9
    assert first["decisions"] == candidates[4]
    assert first["trained"] is True
    assert first["difference"] < 1e-4
    files = {path.name for path in folder.iterdir()}
    name = "nasnet_space_trial4"
    assert {f"{name}.yaml", f"{name}.py", f"{name}.safetensors", f"{name}.onnx", "networks.json"} <= files
    made = archdsl.load(folder / f"{name}.yaml")
    assert made.hash == space.resolve(candidates[4]).hash
    kept = load_file(run / "trials" / "000004" / "weights.safetensors")
    assert all(torch.equal(kept[k], v) for k, v in load_file(folder / f"{name}.safetensors").items())
    assert archdsl.check(folder / f"{name}.yaml") == archdsl.check("nasnet_space", PARAMS, candidates[4], INPUTS)
    assert json.loads((folder / "networks.json").read_text())[1]["trial"] == second["trial"] == 2


def test_fresh_weights_are_called_so(found):
    folder, (_, second) = found
    assert second["trained"] is False
    assert second["weights"] is None
    assert second["files"]["weights"].endswith("_trial2.untrained.safetensors")
    assert second["files"]["onnx"].endswith("_trial2.untrained.onnx")
    assert (folder / "nasnet_space_trial2.untrained.onnx").exists()


def test_only_what_is_asked_for_is_written(run, tmp_path):
    read = Run(run)
    (network,) = write_all(read, best(read), tmp_path, ["spec"])
    assert set(network["files"]) == {"spec"}
    assert network["difference"] is None
    assert {path.name for path in tmp_path.iterdir()} == {"nasnet_space_trial4.yaml", "networks.json"}


def test_forms_that_differ_are_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_onnx_differences", lambda path, inputs, expected: [0.5])
    read = Run(run)
    with pytest.raises(SearchError, match=r"differ by 0\.5"):
        write_all(read, best(read), tmp_path)


def test_a_missing_onnx_is_said_so(run, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "find_spec", lambda name: None)
    read = Run(run)
    (network,) = write_all(read, best(read), tmp_path)
    assert network["left_out"] == {"onnx": "needs onnx: pip install 'archdsl[onnx]'"}
    assert "onnx" not in network["files"]


def test_a_cell_is_stacked_deeper_and_wider(run, space, candidates):
    read = Run(run)
    (result,) = best(read)
    larger = transferred(read, result, {"repeats": 3, "filters": 8, "num_classes": 100}, {"image": [3, 32, 32]})
    assert larger.decisions == space.resolve(candidates[4]).decisions
    assert larger.params["repeats"] == 3
    cells = [cell.path for cell in archdsl.cost(larger).cells if cell.cell == "searched_cell"]
    assert len(cells) == 3 * 3 + 2
    assert larger.graph().outputs["logits"].type.shape == (100,)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"blocks": 3}, r"decisions that the search never made: .*`normal/block\[2\]/left/from`"),
        ({"blocks": 1}, r"decisions that are not reached any more: `normal/block\[1\]/"),
    ],
)
def test_decisions_that_do_not_carry_over_are_named(run, params, words):
    read = Run(run)
    with pytest.raises(SearchError, match=words):
        transferred(read, best(read)[0], params, {})


def test_an_unknown_parameter_is_a_finding(run):
    read = Run(run)
    with pytest.raises(archdsl.ArchdslError, match="no parameter `repeat`"):
        transferred(read, best(read)[0], {"repeat": 3}, {})
