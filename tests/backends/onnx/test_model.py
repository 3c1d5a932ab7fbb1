"""What is written into an ONNX model, and that ONNX Runtime gives what the module gives."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from archdsl.backends.onnx import to_model
from archdsl.backends.torch import build_module
from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Graph
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType
from tests.graphs.cells import Net
from tests.graphs.random_graphs import RandomGraph, random_graph

Arrays = dict[str, np.ndarray[Any, Any]]


def state_of(module: torch.nn.Module) -> Arrays:
    return {key: tensor.numpy() for key, tensor in module.state_dict().items()}


def model_of(graph: Graph, **options: Any) -> onnx.ModelProto:
    return to_model(graph, state_of(build_module(graph)), **options)


def shape_of(info: onnx.ValueInfoProto) -> list[str | int]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


def run(model: onnx.ModelProto, fed: Arrays) -> Arrays:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    read = {value.name for value in session.get_inputs()}
    return dict(zip(names, session.run(None, {k: v for k, v in fed.items() if k in read}), strict=True))


def assert_agree(drawn: RandomGraph, seed: int) -> None:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    graph = drawn.graph
    module = build_module(graph).eval()
    model = to_model(graph, state_of(module))
    for batch in (2, 3):
        fed: Arrays = {}
        for name, value in graph.inputs.items():
            shape = (batch, *value.type.shape)
            if value.type.dtype == "int64":
                fed[name] = rng.integers(0, drawn.integer_ranges.get(name, 10), shape)
            else:
                fed[name] = rng.standard_normal(shape, dtype=np.float32)
        with torch.no_grad():
            made = module(*[torch.from_numpy(fed[name]) for name in graph.inputs])
        expected = made if isinstance(made, dict) else {next(iter(graph.outputs)): made}
        for name, array in run(model, fed).items():
            ours = expected[name].numpy()
            assert array.shape == ours.shape
            finite = np.isfinite(ours) & np.isfinite(array)
            scale = max(1.0, float(np.abs(ours[finite]).max(initial=0.0)))
            np.testing.assert_allclose(array[finite] / scale, ours[finite] / scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(15))
def test_random_networks_agree(seed: int) -> None:
    # Of equal numbers, top_k may choose either.
    names = [name for name in operators() if name != "top_k"]
    assert_agree(random_graph(Random(seed), 14, only=names), seed)


def test_a_network_with_shared_weights_agrees() -> None:
    net = Net()
    x = net("relu", net("batch_norm2d", net.conv(net.x, path="stem/conv[0]")))
    for _ in range(3):
        x = net("relu", net("add", net.conv(x, path="shared/conv"), x))
    assert_agree(RandomGraph(net.out(x, net.x, x)), 0)


def test_names_are_those_of_steps_and_of_the_state_dict() -> None:
    net = Net()
    stem = net.conv(net.x, path="stem/conv[0]")
    y = net("gelu", stem, path="act", approximate="tanh")
    model = model_of(net.out(y), name="given", spec_hash="0123abcd")
    assert model.graph.name == "given"
    assert [value.name for value in model.graph.input] == ["x0"]
    assert [value.name for value in model.graph.output] == ["y0"]
    assert {"stem.conv.0.weight", "stem.conv.0.bias"} <= {t.name for t in model.graph.initializer}
    names = [node.name for node in model.graph.node]
    assert names[0] == "stem/conv[0]"
    assert len(names) > 2
    assert all(name.startswith("act/") for name in names[1:])
    assert shape_of(model.graph.input[0]) == ["N", 4, 6, 6]
    assert shape_of(model.graph.output[0]) == ["N", 4, 6, 6]
    assert model.producer_name == "archdsl"
    assert [(p.key, p.value) for p in model.metadata_props] == [("archdsl.spec_hash", "0123abcd")]
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 18)]


def test_node_names_are_unique() -> None:
    net = Net()
    x = net.x
    for _ in range(3):
        x = net.conv(x, path="shared")
    names = [node.name for node in model_of(net.out(x)).graph.node]
    assert names == ["shared", "shared_2", "shared_3"]


def test_shared_weights_and_equal_constants_are_stored_once() -> None:
    net = Net(TensorType((5, 4)))
    x = net.x
    for _ in range(3):
        x = net("linear", x, path="shared", out_features=4)
        x = net("reshape", net("reshape", x, shape=[4, 5]), shape=[5, 4])
    model = model_of(net.out(x))
    stored = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    contents = [(array.shape, array.dtype.str, array.tobytes()) for array in stored]
    assert len(set(contents)) == len(contents)
    weights = [tensor.name for tensor in model.graph.initializer if tensor.name.startswith("shared.")]
    assert len(weights) == 2


def test_intermediate_types_are_written() -> None:
    net = Net()
    y = net("relu", net.conv(net.x, path="conv"))
    (info,) = model_of(net.out(y)).graph.value_info
    assert info.name == "conv"
    assert shape_of(info) == ["N", 4, 6, 6]


def test_inputs_and_repeated_values_can_be_outputs() -> None:
    net = Net()
    y = net("relu", net.x)
    graph = net.out(y, y, net.x)
    graph.outputs["x0"] = y  # ONNX has one name space for inputs and outputs
    model = model_of(graph)
    assert [value.name for value in model.graph.output] == ["y0", "y1", "y2", "x0_output"]
    x = np.linspace(-1, 1, 144, dtype=np.float32).reshape(1, 4, 6, 6)
    made = run(model, {"x0": x})
    np.testing.assert_array_equal(made["y2"], x)
    for name in ("y0", "y1", "x0_output"):
        np.testing.assert_array_equal(made[name], np.maximum(x, 0))


def test_the_same_graph_gives_the_same_bytes() -> None:
    net = Net()
    graph = net.out(net("gelu", net.conv(net.x)))
    state = state_of(build_module(graph))
    assert to_model(graph, state).SerializeToString() == to_model(graph, state).SerializeToString()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("conv.bias"), "no `conv.bias`"),
        (lambda state: state.update({"conv.bias": np.zeros(3, np.float32)}), "`conv.bias` has shape"),
    ],
)
def test_weights_that_do_not_fit_are_named(change: Any, words: str) -> None:
    net = Net()
    graph = net.out(net.conv(net.x, path="conv"))
    state = state_of(build_module(graph))
    change(state)
    with pytest.raises(ArchdslError, match=words) as refused:
        to_model(graph, state)
    assert refused.value.diagnostics[0].code == "E1001"


def test_an_operator_without_an_onnx_form_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    relu = make(operators()["relu"], {})

    def missing(*_: Any) -> Any:
        raise NotImplementedError

    monkeypatch.setattr(type(relu), "onnx", missing)
    net = Net()
    with pytest.raises(ArchdslError, match="`relu` at `act` has no ONNX form"):
        to_model(net.out(net("relu", net.x, path="act")), {})


def test_double_weights_are_stored_as_float32() -> None:
    net = Net()
    graph = net.out(net.conv(net.x))
    state = {key: array.astype(np.float64) for key, array in state_of(build_module(graph)).items()}
    assert {t.data_type for t in to_model(graph, state).graph.initializer} == {onnx.TensorProto.FLOAT}
