"""ONNX models as programs: constants are folded, shapes computed for one size of the batch."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from archdsl.backends.onnx.notes import read_note
from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.importing.program import SYMBOLIC_BATCH, Annotation, Array, Instruction, Level, Meta, Program, printable
from archdsl.importing.shapes import input_shapes

# Larger constants are not computed: no network does that, and a hostile file could.
MOST_FOLDED = 2**26
# Inputs of shape computations are short.
MOST_DATA = 4096
PASSING = frozenset({"Shape", "Size"})
DOMAINS = ("", "ai.onnx")


def read_onnx(path: Path, shapes: Mapping[str, Sequence[int]]) -> Program:
    """The program of an ONNX model.

    Args:
        path: the file; external weights lie beside it.
        shapes: shapes of one sample, for inputs whose sizes are open.

    Raises:
        ArchdslError: E1102 if the file is damaged, E1103 if an input's shape is open.
    """
    model = _loaded(path)
    graph = model.graph
    opset = max([entry.version for entry in model.opset_import if entry.domain in DOMAINS], default=1)
    program = Program(graph.name or path.stem, opset=opset)
    try:
        for tensor in graph.initializer:
            program.constants[tensor.name] = numpy_helper.to_array(tensor)
    except Exception as error:
        raise _damaged(path, error) from None
    program.learned = set(program.constants)
    _declare_inputs(program, graph, shapes)
    program.outputs = [(value.name, value.name) for value in graph.output]
    _Tracer(program, model).run()
    _check_names(program, path)
    return program


def _loaded(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.load(path)
        if not model.graph.output:
            raise ValueError("it has no outputs")
        if any(len(node.name) > 10_000 for node in model.graph.node):
            raise ValueError("a name is too long")
        if model.functions:
            from onnx.inliner import inline_local_functions

            model = inline_local_functions(model)
        return model
    except FileNotFoundError as error:
        raise ArchdslError(Diagnostic("E1102", f"there is no file {error.filename or path}")) from None
    except Exception as error:  # protobuf, checker and file errors have no common class
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> ArchdslError:
    reason = str(error).strip().splitlines()
    return ArchdslError(
        Diagnostic("E1102", f"{path} is no readable ONNX model", None, printable(reason[0] if reason else ""))
    )


def _declare_inputs(program: Program, graph: onnx.GraphProto, shapes: Mapping[str, Sequence[int]]) -> None:
    declared: dict[str, tuple[str, list[int | None] | None]] = {}
    for value in graph.input:
        if value.name in program.constants:
            continue
        kind = value.type.tensor_type
        sizes = None
        if kind.HasField("shape"):
            sizes = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim]
        declared[value.name] = (_dtype(kind.elem_type), sizes)
    program.batch, program.metas = input_shapes(declared, shapes)
    program.inputs = list(declared)


def _dtype(element: int) -> str:
    try:
        return str(helper.tensor_dtype_to_np_dtype(element))
    except (KeyError, TypeError):
        return f"type {element}"


def _check_names(program: Program, path: Path) -> None:
    """Raises E1102 if a value is read that nothing makes before, or one is made twice."""
    known = {"", *program.constants, *program.inputs}
    folded = {name for one in program.instructions if one.folded for name in one.outputs}
    for one in program.instructions:
        missing = next((name for name in one.inputs if name not in known), None)
        twice = next((name for name in one.outputs if name and name in known and name not in folded), None)
        if missing is not None:
            raise _damaged(path, ValueError(f"`{one.name}` reads `{missing}`, which nothing makes before"))
        if twice is not None:
            raise _damaged(path, ValueError(f"`{twice}` is made twice"))
        known.update(one.outputs)
    for public, value in program.outputs:
        if value not in known:
            raise _damaged(path, ValueError(f"nothing makes the output `{public}`"))


class _Tracer:
    """Goes through the nodes in order, with the types of all tensors and the arrays of all constants so far."""

    def __init__(self, program: Program, model: onnx.ModelProto):
        self.program = program
        self.opsets = list(model.opset_import)
        self.ir_version = model.ir_version
        self.nodes = model.graph.node
        self.declared = {value.name: value.type for value in model.graph.value_info}

    def run(self) -> None:
        for number, node in enumerate(self.nodes):
            op = node.op_type if node.domain in DOMAINS else f"{node.domain}.{node.op_type}"
            name = node.name or f"{op} number {number}"
            made = Instruction(op, list(node.input), list(node.output), {}, name, scope_of(node))
            note = read_note(node.doc_string)
            made.annotation = Annotation(*note) if note else None
            try:
                made.attributes = {a.name: _attribute(a) for a in node.attribute}
                made.folded = self.fold(node, made)
                if not made.folded:
                    self.infer(node)
            except Exception:  # whatever is wrong with it, the node is named where it is needed
                for output in node.output:
                    self.adopt(output)
            self.program.instructions.append(made)

    def fold(self, node: onnx.NodeProto, made: Instruction) -> bool:
        """Compute the node's results, if they don't depend on a tensor."""
        constants, metas = self.program.constants, self.program.metas
        if node.domain not in DOMAINS or any(a.type == onnx.AttributeProto.GRAPH for a in node.attribute):
            return False
        if made.op in PASSING and node.input[0] in metas:
            shape = np.array(metas[node.input[0]].shape, np.int64)
            part = shape[made.attributes.get("start", 0) : made.attributes.get("end")]
            constants[node.output[0]] = part if made.op == "Shape" else np.array(shape.prod(), np.int64)
            return True
        if made.op.startswith("Random") or any(name and name not in constants for name in node.input):
            return False
        if made.op == "Range":
            return self.count(node)
        types = self.types(node)
        sizes = [meta.shape for meta in types.values()]
        # What is repeated for every sample is not a constant of the network.
        if any(_dependent(shape, self.program.batch) or np.prod(shape, dtype=float) > MOST_FOLDED for shape in sizes):
            return False
        self.evaluate(node)
        return True

    def count(self, node: onnx.NodeProto) -> bool:
        """Compute a range. Exporters write its limits as vectors of one number, too, which no shape rule allows."""
        limits = [self.program.constants[name] for name in node.input]
        start, limit, step = (array.item() for array in limits)
        size = max(0, -int(-(limit - start) // step))
        if size > MOST_FOLDED or _dependent((size,), self.program.batch):
            return False
        self.program.constants[node.output[0]] = np.arange(start, limit, step).astype(limits[0].dtype)
        return True

    def evaluate(self, node: onnx.NodeProto) -> None:
        given = {name: self.program.constants[name] for name in node.input if name}
        inputs = [helper.make_value_info(name, _constant_type(array)) for name, array in given.items()]
        outputs = [helper.make_value_info(name, onnx.TypeProto()) for name in node.output if name]
        graph = helper.make_graph([node], "folded", inputs, outputs)
        model = helper.make_model(graph, opset_imports=self.opsets, ir_version=self.ir_version)
        results = ReferenceEvaluator(model).run(None, given)
        for output, result in zip(outputs, results, strict=True):
            self.program.constants[output.name] = np.asarray(result)
            if any(name in self.program.learned for name in node.input):
                self.program.learned.add(output.name)

    def infer(self, node: onnx.NodeProto) -> None:
        for name, meta in self.types(node).items():
            self.program.metas[name] = meta

    def types(self, node: onnx.NodeProto) -> dict[str, Meta]:
        """Types of the node's results. Raises if they can't be computed."""
        constants, metas = self.program.constants, self.program.metas
        schema = onnx.defs.get_schema(node.op_type, self.program.opset, node.domain)
        types, data = {}, {}
        for name in node.input:
            if name in constants:
                types[name] = _constant_type(constants[name])
                if constants[name].size <= MOST_DATA:
                    data[name] = numpy_helper.from_array(np.ascontiguousarray(constants[name]), name)
            elif name:
                meta = metas[name]
                element = helper.np_dtype_to_tensor_dtype(np.dtype(meta.dtype))
                types[name] = helper.make_tensor_type_proto(element, meta.shape)
        found = shape_inference.infer_node_outputs(
            schema, node, types, data, opset_imports=self.opsets, ir_version=self.ir_version
        )
        return {name: _meta(found[name]) for name in node.output if name}

    def adopt(self, output: str) -> None:
        """The type that the file itself declares, if that has a shape in numbers."""
        try:
            meta = _meta(self.declared[output], self.program.batch)
        except (KeyError, ValueError):
            return
        self.program.metas[output] = meta


def _dependent(shape: Iterable[int], batch: int) -> bool:
    return batch == SYMBOLIC_BATCH and any(size and size % batch == 0 for size in shape)


def _constant_type(array: Array) -> onnx.TypeProto:
    return helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def _meta(type: onnx.TypeProto, first: int | None = None) -> Meta:
    """Shape and dtype; `first` replaces an open first dimension. Raises ValueError if a size is open."""
    kind = type.tensor_type
    if not kind.HasField("shape"):
        raise ValueError("no shape")
    sizes = []
    for place, dim in enumerate(kind.shape.dim):
        if not dim.HasField("dim_value") and (place or first is None):
            raise ValueError("a size is open")
        sizes.append(dim.dim_value if dim.HasField("dim_value") else first or 0)
    return Meta(tuple(sizes), _dtype(kind.elem_type))


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, list | tuple):
        return [v.decode(errors="replace") if isinstance(v, bytes) else v for v in value]
    return value


def scope_of(node: onnx.NodeProto) -> tuple[Level, ...]:
    """The modules around a node, as far as its metadata or its name tells."""
    properties = {entry.key: entry.value for entry in node.metadata_props}
    try:
        names = ast.literal_eval(properties["pkg.torch.onnx.name_scopes"])
        kinds = ast.literal_eval(properties["pkg.torch.onnx.class_hierarchy"])
        # The last one is the operator itself; names are full paths.
        pairs = list(zip(map(str, names), map(str, kinds), strict=True))[:-1]
        return tuple(Level(name.rpartition(".")[2], kind.rpartition(".")[2]) for name, kind in pairs if name)
    except (KeyError, ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        pass
    parts = [part for part in node.name.split("/") if part][:-1]
    return tuple(Level(part.rpartition(".")[2]) for part in parts[:32])
