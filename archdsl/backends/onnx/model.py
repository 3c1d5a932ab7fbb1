"""From a graph and its weights to an ONNX model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, helper

from archdsl.backends.onnx.builder import Builder, OnnxNode
from archdsl.backends.onnx.file import INLINE_LIMIT, weight_bytes
from archdsl.backends.onnx.resize import output_shapes, symbolic_inputs
from archdsl.ir.graph import Graph, Value
from archdsl.ops.onnx import Attribute
from archdsl.types import TensorType

OPSET = 18
IR_VERSION = 8  # the one that came with opset 18
ELEMENT_TYPES: dict[str, int] = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}

Dims: TypeAlias = "Sequence[int | str]"


def to_model(
    graph: Graph,
    state: Mapping[str, np.ndarray[Any, Any]],
    name: str = "",
    dynamic_size: bool = False,
    spec_hash: str = "",
    checked: bool = True,
) -> onnx.ModelProto:
    """The graph as an ONNX model of opset 18, in its inference form.

    Inputs and outputs are those of the graph, with a symbolic batch dimension `N` in front. ONNX forbids one name for
    two values: an output that bears the name of an input is called `NAME_output`. Height and width are fixed unless
    `dynamic_size`.

    Args:
        graph: the network.
        state: weights by `state_dict` key, in the shapes of the graph; floats are stored as float32.
        name: name of the ONNX graph; by default the network's.
        dynamic_size: let the last two dimensions of every image input [N, C, H, W] be symbolic.
        spec_hash: written into the metadata as `archdsl.spec_hash`.
        checked: let ONNX's checker look at the model; a runtime that loads it at once does that itself.

    Raises:
        ArchdslError: E1001 if a weight is missing or has another shape; E1002 if ONNX lacks an operator, or if the
            size is to be dynamic and the network works for one size only.
    """
    shapes = output_shapes(graph) if dynamic_size else {}
    builder = Builder(state)
    outputs = _output_names(graph)
    for taken in [*graph.inputs, *outputs.values()]:
        builder.unique(taken)
    names = {value: given for given, value in graph.inputs.items()}
    for node in graph.nodes:
        made = builder.lower(node, [names[v] for v in node.operands])
        names.update(zip(node.outputs, made, strict=True))
    described = [(names[v], v) for node in graph.nodes for v in node.outputs if v not in shapes]
    renamed = _name_outputs(builder, {outputs[key]: names[value] for key, value in graph.outputs.items()})
    inputs = symbolic_inputs(graph) if dynamic_size else {key: value.type.shape for key, value in graph.inputs.items()}
    proto = helper.make_graph(
        [_node(record) for record in builder.records],
        name or graph.name or "network",
        [_value_info(key, graph.inputs[key].type, shape) for key, shape in inputs.items()],
        [
            _value_info(outputs[key], value.type, shapes.get(value, value.type.shape))
            for key, value in graph.outputs.items()
        ],
        value_info=[] if dynamic_size else _steps(graph, described, renamed, set(outputs.values())),
    )
    return _finished(proto, builder.initializers, spec_hash, checked)


def _output_names(graph: Graph) -> dict[str, str]:
    """Name in the model for every output."""
    return {name: f"{name}_output" if name in graph.inputs else name for name in graph.outputs}


def _name_outputs(builder: Builder, wanted: Mapping[str, str]) -> dict[str, str]:
    """Give the values in `wanted` (output name: value) the names of the outputs; gives the renaming.

    A value that no node makes (an input, a weight) or that is an output twice is copied by an `Identity`.
    """
    made = {name for record in builder.records for name in record.outputs}
    renamed: dict[str, str] = {}
    for output, value in wanted.items():
        if value in made and value not in renamed:
            renamed[value] = output
        else:
            builder.copy(value, output)
    for record in builder.records:
        record.inputs = [renamed.get(name, name) for name in record.inputs]
        record.outputs = [renamed.get(name, name) for name in record.outputs]
    return renamed


def _steps(
    graph: Graph, described: Sequence[tuple[str, Value]], renamed: Mapping[str, str], skipped: set[str]
) -> list[onnx.ValueInfoProto]:
    """Types of the values between: readers show them, and the checker compares them with what ONNX infers."""
    skipped = skipped | set(graph.inputs)
    found: dict[str, onnx.ValueInfoProto] = {}
    for name, value in described:
        final = renamed.get(name, name)
        if final not in skipped and final not in found:
            found[final] = _value_info(final, value.type, value.type.shape)
    return list(found.values())


def _value_info(name: str, type: TensorType, shape: Dims) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, ELEMENT_TYPES[type.dtype], ["N", *shape])


def _fill(tensor: TensorProto, name: str, array: np.ndarray[Any, Any]) -> None:
    """Make `tensor` an initializer. Filled in place: copying messages is what limits protobuf to 2 GiB."""
    tensor.name = name
    tensor.dims.extend(array.shape)
    tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor.raw_data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _node(record: OnnxNode) -> onnx.NodeProto:
    node = helper.make_node(record.op_type, record.inputs, record.outputs, record.name, record.note)
    kinds = _attribute_kinds(record.op_type)
    for name, value in record.attributes.items():
        if name not in kinds:
            raise ValueError(f"ONNX operator {record.op_type} has no attribute `{name}`")
        node.attribute.append(_attribute(name, value, kinds[name]))
    return node


def _attribute(name: str, value: Attribute, kind: Any) -> onnx.AttributeProto:
    """An attribute of the kind that ONNX wants: 1 is a float where it wants one."""
    given: Any = value
    if kind == onnx.AttributeProto.FLOAT:
        given = float(given)
    elif kind == onnx.AttributeProto.FLOATS:
        given = [float(v) for v in given]
    elif kind == onnx.AttributeProto.INTS:
        given = [int(v) for v in given]
    elif kind == onnx.AttributeProto.INT:
        given = int(given)
    return helper.make_attribute(name, given, attr_type=kind)


@cache
def _attribute_kinds(op_type: str) -> dict[str, Any]:
    try:
        schema = onnx.defs.get_schema(op_type, OPSET)
    except onnx.defs.SchemaError as error:
        raise ValueError(f"opset {OPSET} of ONNX has no operator {op_type}") from error
    return {name: attribute.type for name, attribute in schema.attributes.items()}


def _finished(
    proto: onnx.GraphProto, initializers: Mapping[str, np.ndarray[Any, Any]], spec_hash: str, checked: bool
) -> onnx.ModelProto:
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    for key, array in initializers.items():
        _fill(model.graph.initializer.add(), key, array)
    model.producer_name = "archdsl"
    try:
        model.producer_version = version("archdsl")
    except PackageNotFoundError:  # run from a source tree that is not installed
        model.producer_version = "0"
    if spec_hash:
        helper.set_model_props(model, {"archdsl.spec_hash": spec_hash})
    if checked and weight_bytes(model) <= INLINE_LIMIT:  # larger ones are checked by `save`, as a file
        onnx.checker.check_model(model, full_check=True)
    return model
