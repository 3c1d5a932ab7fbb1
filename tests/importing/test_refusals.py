"""What cannot be imported is named; damaged and hostile files give a clear error and leave nothing behind."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

import archdsl
from archdsl.cli.main import main
from archdsl.importing.importer import import_file
from tests.importing.running import model

node = helper.make_node


def findings(path: Path, **options):
    with pytest.raises(archdsl.ArchdslError) as caught:
        import_file(path, **options)
    return caught.value.diagnostics


def test_every_unsupported_node_is_named_in_one_run(tmp_path):
    nodes = [
        node("Det", ["x"], ["a"], name="first"),
        node("Relu", ["x"], ["r"], name="fine"),
        node("Celu", ["r"], ["c"], name="second"),
        node("GridSample", ["c", "g"], ["z"], name="third"),
    ]
    path = model(tmp_path / "odd.onnx", nodes, {"x": (3, 4, 4), "g": (4, 4, 2)}, ["a", "z"])
    found = findings(path)
    assert [d.code for d in found] == ["E1101"] * 3
    assert [d.message for d in found] == [
        "`Det` at `first` cannot be imported",
        "`Celu` at `second` cannot be imported",
        "`GridSample` at `third` cannot be imported",
    ]


def test_nodes_that_no_output_needs_do_not_matter(tmp_path):
    nodes = [node("Celu", ["x"], ["unused"]), node("Relu", ["x"], ["y"])]
    assert import_file(model(tmp_path / "dead.onnx", nodes, {"x": (3,)})).graph.nodes[0].op.name == "relu"


def test_operators_of_other_domains_are_named(tmp_path):
    nodes = [node("Special", ["x"], ["y"], name="mine", domain="com.example")]
    path = model(tmp_path / "domain.onnx", nodes, {"x": (3,)})
    assert findings(path)[0].message == "`com.example.Special` at `mine` cannot be imported"


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Transpose", ["x"], ["y"], perm=[1, 0, 2, 3])],
        [node("Concat", ["x", "x"], ["y"], axis=0)],
        [node("ReduceMean", ["x"], ["y"], axes=[0])],
        [node("Softmax", ["x"], ["y"], axis=0)],
    ],
)
def test_what_mixes_samples_is_refused(tmp_path, nodes):
    found = findings(model(tmp_path / "mixed.onnx", nodes, {"x": (3, 4, 4)}, opset=13))
    assert found[0].code == "E1101"
    assert "batch" in found[0].label


def test_open_sizes_are_asked_for(tmp_path):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, "H", "W"])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    made = helper.make_model(helper.make_graph([node("Relu", ["x"], ["y"])], "g", [value], [result]), ir_version=8)
    path = tmp_path / "open.onnx"
    onnx.save(made, path)
    (found,) = findings(path)
    assert found.code == "E1103"
    assert "--input x=3xSIZExSIZE" in found.label
    assert import_file(path, {"x": [3, 8, 8]}).graph.inputs["x"].type.shape == (3, 8, 8)
    assert findings(path, inputs={"z": [3]})[0].code == "E1103"


def test_other_element_types_are_refused(tmp_path):
    value = helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["N", 3])
    result = helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)
    made = helper.make_model(helper.make_graph([node("Relu", ["x"], ["y"])], "g", [value], [result]), ir_version=8)
    onnx.save(made, tmp_path / "double.onnx")
    assert findings(tmp_path / "double.onnx")[0].code == "E1103"


def test_control_flow_is_refused(tmp_path):
    branch = helper.make_graph([node("Relu", ["x"], ["r"])], "b", [], [helper.make_tensor_value_info("r", 1, None)])
    nodes = [node("If", ["c"], ["y"], then_branch=branch, else_branch=branch, name="choice")]
    path = model(tmp_path / "if.onnx", nodes, {"x": (3,)}, constants={"c": np.array(True)})
    assert findings(path)[0].message == "`If` at `choice` cannot be imported"


def good_model(path: Path) -> Path:
    archdsl.export_onnx(archdsl.load("lenet5"), path)
    return path


def good_program(path: Path) -> Path:
    archdsl.export_program(archdsl.load("lenet5"), path)
    return path


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("make", [good_model, good_program])
def test_truncated_files_give_an_error_and_no_output(tmp_path, capsys, make, share):
    path = make(tmp_path / ("whole.onnx" if make is good_model else "whole.pt2"))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    spec, weights = tmp_path / "spec.yaml", tmp_path / "w.safetensors"
    status = main(["import", str(path), "-o", str(spec), "--weights", str(weights)])
    said = capsys.readouterr().err
    assert status == 1
    assert "error[E1102]" in said
    assert "Traceback" not in said
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("make", [good_model, good_program])
def test_damaged_files_never_end_in_a_traceback(tmp_path, capsys, make, seed):
    path = make(tmp_path / ("damaged.onnx" if make is good_model else "damaged.pt2"))
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(content), 1 if seed < 4 else 200):
        content[place] = rng.integers(0, 256)
    path.write_bytes(content)
    spec = tmp_path / "spec.yaml"
    status = main(["import", str(path), "-o", str(spec)])
    said = capsys.readouterr().err
    assert status in (0, 1)
    assert spec.exists() == (status == 0)
    assert "internal error" not in said


def rewritten(path: Path, change) -> Path:
    """The archive with its graph changed."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    target = path.with_name("changed.pt2")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            if name.endswith("models/model.json"):
                document = json.loads(content)
                change(document["graph_module"])
                content = json.dumps(document).encode()
            elif name.endswith("model_weights_config.json"):
                document = json.loads(content)
                change(document)
                content = json.dumps(document).encode()
            archive.writestr(name, content)
    return target


def test_expressions_in_a_program_are_not_run(tmp_path):
    witness = tmp_path / "witness"

    def change(document):
        for tensor in document.get("graph", {}).get("tensor_values", {}).values():
            for size in tensor["sizes"]:
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = f"__import__('pathlib').Path({str(witness)!r}).touch()"

    path = rewritten(good_program(tmp_path / "program.pt2"), change)
    assert findings(path)
    assert not witness.exists()


def test_pickled_weights_are_not_opened(tmp_path):
    def change(document):
        for entry in document.get("config", {}).values():
            entry["use_pickle"] = True

    (found,) = findings(rewritten(good_program(tmp_path / "program.pt2"), change))
    assert found.code == "E1102"
    assert "pickle" in found.label


def test_a_pickle_by_another_name_is_refused(tmp_path):
    for name in ("fake.onnx", "fake.pt2"):
        (tmp_path / name).write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
        assert findings(tmp_path / name)[0].code == "E1102"
    buffer = io.BytesIO()
    torch.save({"w": torch.zeros(2)}, buffer)
    (tmp_path / "saved.pt2").write_bytes(buffer.getvalue())
    assert findings(tmp_path / "saved.pt2")[0].code == "E1102"


def test_missing_files_and_other_endings(tmp_path):
    for name in ("none.onnx", "none.pt2", "none.pt"):
        assert findings(tmp_path / name)[0].code == "E1102"


def test_external_weights_stay_within_the_folder(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(16))
    inner = tmp_path / "inner"
    inner.mkdir()
    nodes, constants = [node("Add", ["x", "w"], ["y"])], {"w": np.ones(4, "f")}
    path = model(inner / "outside.onnx", nodes, {"x": (4,)}, constants=constants)
    made = onnx.load(path)
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    path.write_bytes(made.SerializeToString())
    assert findings(path)[0].code == "E1102"


def test_huge_constants_are_not_computed(tmp_path):
    nodes = [node("ConstantOfShape", ["size"], ["big"]), node("Add", ["x", "big"], ["y"])]
    path = model(tmp_path / "huge.onnx", nodes, {"x": (4,)}, constants={"size": np.array([10**6, 10**6, 4])})
    assert findings(path)[0].code == "E1101"


def test_names_cannot_write_to_the_terminal(tmp_path):
    path = model(tmp_path / "escape.onnx", [node("Celu", ["x"], ["y"], name="a\x1b[31m\nb" + "c" * 500)], {"x": (4,)})
    (found,) = findings(path)
    assert found.message.isprintable()
    assert len(found.message) < 300
