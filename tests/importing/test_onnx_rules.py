"""Forms in which exporters write operators: what comes of them computes the same as ONNX Runtime."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from onnx import helper

from archdsl.importing.importer import import_file
from tests.importing.running import assert_imported_equal, model, operators_of

IMAGE = (4, 6, 8)
node = helper.make_node
F32 = np.float32


def chain(tmp_path, nodes, constants=None, shape=IMAGE, **options):
    path = model(tmp_path / "built.onnx", nodes, {"x": shape}, constants=constants, **options)
    return assert_imported_equal(path, {"x": shape})


def numbers(*shape):
    return np.random.default_rng(3).standard_normal(shape).astype(F32)


def test_relu6_is_a_clip_with_operands_or_attributes(tmp_path):
    bounds = {"low": np.array(0, F32), "high": np.array(6, F32)}
    assert operators_of(chain(tmp_path, [node("Clip", ["x", "low", "high"], ["y"])], bounds)) == ["relu6"]
    assert operators_of(chain(tmp_path, [node("Clip", ["x"], ["y"], min=0.0, max=6.0)], opset=10)) == ["relu6"]


def test_other_bounds_become_maximum_and_minimum(tmp_path):
    bounds = {"low": np.array(-0.5, F32), "high": np.array(0.25, F32)}
    made = operators_of(chain(tmp_path, [node("Clip", ["x", "low", "high"], ["y"])], bounds))
    assert made == ["constant", "maximum", "constant", "minimum"]


@pytest.mark.parametrize("divided", [False, True])
@pytest.mark.parametrize("half_last", [False, True])
def test_gelu_by_erf(tmp_path, divided, half_last):
    inner = node("Div", ["x", "root"], ["a"]) if divided else node("Mul", ["x", "root"], ["a"])
    constants = {"root": np.array(sqrt(2) if divided else sqrt(0.5), F32), "one": np.array(1, F32)}
    constants["half"] = np.array(0.5, F32)
    nodes = [inner, node("Erf", ["a"], ["b"]), node("Add", ["b", "one"], ["c"])]
    if half_last:
        nodes += [node("Mul", ["x", "c"], ["d"]), node("Mul", ["d", "half"], ["y"])]
    else:
        nodes += [node("Mul", ["half", "x"], ["d"]), node("Mul", ["d", "c"], ["y"])]
    assert operators_of(chain(tmp_path, nodes, constants)) == ["gelu"]


def test_gelu_by_tanh_with_a_power(tmp_path):
    constants = {"three": np.array(3, F32), "small": np.array(0.044715, F32), "root": np.array(sqrt(2 / pi), F32)}
    constants |= {"one": np.array(1, F32), "half": np.array(0.5, F32)}
    nodes = [
        node("Pow", ["x", "three"], ["cube"]),
        node("Mul", ["cube", "small"], ["bent"]),
        node("Add", ["x", "bent"], ["total"]),
        node("Mul", ["total", "root"], ["scaled"]),
        node("Tanh", ["scaled"], ["t"]),
        node("Add", ["t", "one"], ["u"]),
        node("Mul", ["x", "u"], ["v"]),
        node("Mul", ["v", "half"], ["y"]),
    ]
    assert operators_of(chain(tmp_path, nodes, constants)) == ["gelu"]


def test_gates_of_their_own_operand(tmp_path):
    nodes = [node("Sigmoid", ["x"], ["g"]), node("Mul", ["g", "x"], ["y"])]
    assert operators_of(chain(tmp_path, nodes)) == ["silu"]
    nodes = [node("Softplus", ["x"], ["s"]), node("Tanh", ["s"], ["t"]), node("Mul", ["x", "t"], ["y"])]
    assert operators_of(chain(tmp_path, nodes)) == ["mish"]
    nodes = [node("HardSigmoid", ["x"], ["g"], alpha=1 / 6), node("Mul", ["x", "g"], ["y"])]
    assert operators_of(chain(tmp_path, nodes)) == ["hardswish"]


def test_hardswish_by_a_clip(tmp_path):
    constants = {"three": np.array(3, F32), "zero": np.array(0, F32), "six": np.array(6, F32)}
    nodes = [
        node("Add", ["x", "three"], ["a"]),
        node("Clip", ["a", "zero", "six"], ["b"]),
        node("Mul", ["x", "b"], ["c"]),
        node("Div", ["c", "six"], ["y"]),
    ]
    assert operators_of(chain(tmp_path, nodes, constants)) == ["hardswish"]


def test_a_sigmoid_that_others_read_is_kept(tmp_path):
    nodes = [node("Sigmoid", ["x"], ["g"]), node("Mul", ["x", "g"], ["m"]), node("Add", ["m", "g"], ["y"])]
    assert sorted(operators_of(chain(tmp_path, nodes))) == ["add", "mul", "sigmoid"]


def test_layer_norm_written_out(tmp_path):
    constants = {"two": np.array(2, F32), "eps": np.array(1e-5, F32), "w": numbers(8), "b": numbers(8)}
    nodes = [
        node("ReduceMean", ["x"], ["mean"], axes=[-1]),
        node("Sub", ["x", "mean"], ["centred"]),
        node("Pow", ["centred", "two"], ["square"]),
        node("ReduceMean", ["square"], ["variance"], axes=[-1]),
        node("Add", ["variance", "eps"], ["shifted"]),
        node("Sqrt", ["shifted"], ["deviation"]),
        node("Div", ["centred", "deviation"], ["normal"]),
        node("Mul", ["normal", "w"], ["scaled"]),
        node("Add", ["scaled", "b"], ["y"]),
    ]
    assert operators_of(chain(tmp_path, nodes, constants, opset=13)) == ["layer_norm"]


def test_group_norm_by_instance_norm(tmp_path):
    constants = {"apart": np.array([0, 2, -1]), "one": np.ones(2, F32), "zero": np.zeros(2, F32)}
    constants |= {"back": np.array([-1, 4, 6, 8]), "w": numbers(4, 1, 1), "b": numbers(4, 1, 1)}
    nodes = [
        node("Reshape", ["x", "apart"], ["a"]),
        node("InstanceNormalization", ["a", "one", "zero"], ["n"]),
        node("Reshape", ["n", "back"], ["m"]),
        node("Mul", ["m", "w"], ["s"]),
        node("Add", ["s", "b"], ["y"]),
    ]
    assert operators_of(chain(tmp_path, nodes, constants)) == ["group_norm", "scale", "add_bias"]


def test_linear_layers_as_gemm_and_as_a_product(tmp_path):
    nodes = [node("Gemm", ["x", "w", "b"], ["y"], transB=1)]
    assert operators_of(chain(tmp_path, nodes, {"w": numbers(3, 5), "b": numbers(3)}, (5,))) == ["linear"]
    nodes = [node("MatMul", ["x", "w"], ["m"]), node("Add", ["b", "m"], ["y"])]
    assert operators_of(chain(tmp_path, nodes, {"w": numbers(5, 3), "b": numbers(3)}, (4, 5))) == ["linear"]


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_padding_left_to_the_runtime(tmp_path, auto_pad):
    attributes = {"auto_pad": auto_pad, "kernel_shape": [2, 3], "strides": [2, 1]}
    chain(tmp_path, [node("Conv", ["x", "w"], ["y"], **attributes)], {"w": numbers(3, 4, 2, 3)})
    chain(tmp_path, [node("AveragePool", ["x"], ["y"], **attributes)])


def test_shapes_computed_from_the_batch(tmp_path):
    constants = {"zero": np.array(0), "first": np.array([0]), "rest": np.array([-1])}
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"], axis=0),
        node("Unsqueeze", ["n", "first"], ["m"]),
        node("Concat", ["m", "rest"], ["shape"], axis=0),
        node("Reshape", ["x", "shape"], ["y"]),
    ]
    assert operators_of(chain(tmp_path, nodes, constants)) == ["flatten"]


def test_a_fixed_batch_of_one(tmp_path):
    path = model(
        tmp_path / "one.onnx",
        [node("Reshape", ["x", "shape"], ["f"]), node("Gemm", ["f", "w"], ["y"])],
        {"x": (4, 2, 2)},
        constants={"shape": np.array([1, 16]), "w": numbers(16, 3)},
        batch=1,
    )
    assert operators_of(import_file(path)) == ["flatten", "linear"]


def test_parts(tmp_path):
    nodes = [
        node("Split", ["x"], ["a", "b"], axis=1, split=[1, 3]),
        node("Concat", ["b", "a"], ["c"], axis=1),
        node("Slice", ["c", "starts", "ends", "axes"], ["d"]),
        node("Gather", ["d", "some"], ["p"], axis=1),
        node("Squeeze", ["p"], ["q"], axes=[1]),
        node("Gather", ["d", "third"], ["e"], axis=1),
        node("Add", ["q", "e"], ["y"]),
    ]
    constants = {"third": np.array(2), "some": np.array([1]), "axes": np.array([2, 3])}
    constants |= {"starts": np.array([1, -5]), "ends": np.array([2**31 - 1, -1])}
    chain(tmp_path, nodes, constants, opset=11)


def test_a_negative_step_reverses(tmp_path):
    constants = {"start": np.array([-1]), "end": np.array([-9]), "axis": np.array([3]), "step": np.array([-1])}
    nodes = [node("Slice", ["x", "start", "end", "axis", "step"], ["y"])]
    assert operators_of(chain(tmp_path, nodes, constants)) == ["index_select"]


def test_shuffles(tmp_path):
    nodes = [
        node("Reshape", ["x", "apart"], ["a"]),
        node("Transpose", ["a"], ["b"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["b", "back"], ["y"]),
    ]
    constants = {"apart": np.array([0, 2, 2, 6, 8]), "back": np.array([0, 4, 6, 8])}
    assert operators_of(chain(tmp_path, nodes, constants)) == ["channel_shuffle"]
    nodes[1] = node("Transpose", ["a"], ["b"], perm=[0, 1, 4, 2, 5, 3])
    constants = {"apart": np.array([0, 1, 2, 2, 6, 8]), "back": np.array([0, 1, 12, 16])}
    assert operators_of(chain(tmp_path, nodes, constants)) == ["pixel_shuffle"]
    assert operators_of(chain(tmp_path, [node("DepthToSpace", ["x"], ["y"], blocksize=2)])) == [
        "reshape",
        "permute",
        "reshape",
    ]
    chain(tmp_path, [node("SpaceToDepth", ["x"], ["y"], blocksize=2)])


def test_resizes(tmp_path):
    scales = {"scales": np.array([1, 1, 2, 2], F32)}
    for attributes in (
        {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
        {"mode": "cubic", "coordinate_transformation_mode": "half_pixel"},
    ):
        assert operators_of(chain(tmp_path, [node("Resize", ["x", "", "scales"], ["y"], **attributes)], scales)) == [
            "interpolate"
        ]


def test_borders(tmp_path):
    constants = {"pads": np.array([0, 0, 1, 2, 0, 0, 3, 0]), "value": np.array(0.5, F32)}
    assert operators_of(chain(tmp_path, [node("Pad", ["x", "pads", "value"], ["y"])], constants)) == ["pad"]
    chain(tmp_path, [node("Pad", ["x", "pads"], ["y"], mode="reflect")], constants)
    chain(tmp_path, [node("Pad", ["x", "pads"], ["y"], mode="edge")], constants)


def test_a_learned_tensor_without_a_layer_becomes_a_free_weight(tmp_path):
    constants = {"position": numbers(1, 4, 6, 8)}
    found = chain(tmp_path, [node("Add", ["x", "position"], ["y"])], constants)
    assert operators_of(found) == ["constant", "add_bias", "reshape", "add"]
    assert sum(array.size for array in found.state.values()) == 4 * 6 * 8


def test_a_token_repeated_for_every_sample(tmp_path):
    constants = {"token": numbers(1, 1, 8), "zero": np.array([0]), "one": np.array([1]), "rest": np.array([1, 8])}
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Slice", ["s", "zero", "one"], ["n"]),
        node("Concat", ["n", "rest"], ["shape"], axis=0),
        node("Expand", ["token", "shape"], ["t"]),
        node("Concat", ["t", "x"], ["y"], axis=1),
    ]
    assert operators_of(chain(tmp_path, nodes, constants, (5, 8)))[-1] == "concat"


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("both", [False, True])
def test_recurrent_layers_in_a_row(tmp_path, kind, both):
    gates, hidden, directions = {"LSTM": 4, "GRU": 3}[kind], 3, 2 if both else 1
    shared = {"hidden_size": hidden, "direction": "bidirectional" if both else "forward"}
    shared |= {"linear_before_reset": 1} if kind == "GRU" else {}
    constants = {"shape": np.array([0, 0, -1])}
    nodes = [node("Transpose", ["x"], ["v0"], perm=[1, 0, 2])]
    features = 5
    for level in range(2):
        constants |= {
            f"w{level}": numbers(directions, gates * hidden, features),
            f"r{level}": numbers(directions, gates * hidden, hidden),
            f"b{level}": numbers(directions, 2 * gates * hidden),
        }
        operands = [f"v{level}", f"w{level}", f"r{level}", f"b{level}"]
        nodes += [
            node(kind, operands, [f"o{level}"], **shared),
            node("Transpose", [f"o{level}"], [f"t{level}"], perm=[0, 2, 1, 3]),
            node("Reshape", [f"t{level}", "shape"], [f"v{level + 1}"]),
        ]
        features = directions * hidden
    nodes.append(node("Transpose", ["v2"], ["y"], perm=[1, 0, 2]))
    found = chain(tmp_path, nodes, constants, (7, 5))
    assert operators_of(found) == [kind.lower()]
    assert "num_layers: 2" in found.text


def test_arithmetic_with_constants(tmp_path):
    constants = {"scale": numbers(1, 4, 1, 1), "two": np.array(2, F32), "row": numbers(8)}
    nodes = [
        node("Mul", ["x", "scale"], ["a"]),
        node("Sub", ["two", "a"], ["b"]),
        node("Div", ["b", "two"], ["c"]),
        node("Add", ["c", "row"], ["y"]),
    ]
    made = operators_of(chain(tmp_path, nodes, constants))
    assert made[0] == "scale"
    assert {"sub", "div", "add"} <= set(made)


def test_folded_batch_norm_stays_folded_and_others_are_found(tmp_path):
    constants = {name: np.abs(numbers(4)) + 0.5 for name in ("s", "b", "m", "v")}
    nodes = [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], epsilon=1e-3)]
    found = chain(tmp_path, nodes, constants)
    assert operators_of(found) == ["batch_norm2d"]
    assert "eps: 0.001" in found.text


def test_means_of_maps(tmp_path):
    assert operators_of(chain(tmp_path, [node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)], opset=13)) == [
        "global_avg_pool2d"
    ]
    nodes = [node("GlobalAveragePool", ["x"], ["a"]), node("Flatten", ["a"], ["y"])]
    assert operators_of(chain(tmp_path, nodes)) == ["global_avg_pool2d"]
    assert operators_of(chain(tmp_path, [node("GlobalMaxPool", ["x"], ["y"])])) == ["adaptive_max_pool2d"]
