"""Whether a network, once lowered, works for images of any size.

An ONNX lowering may write sizes into the model (the target of a reshape, the padding of `same`, the window of an
adaptive pooling). So the network is lowered again for images of other sizes: where a node then comes out differently,
the model would be wrong for them, and the export is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator, OperatorError, infer, weights_of
from archdsl.ops.onnx import Attribute
from archdsl.types import TensorType


def symbolic_inputs(graph: Graph) -> dict[str, tuple[int | str, ...]]:
    """Shapes of the inputs without N, the last two dimensions of images as names."""
    images = [name for name, value in graph.inputs.items() if value.type.rank == 3]
    shapes: dict[str, tuple[int | str, ...]] = {}
    for name, value in graph.inputs.items():
        suffix = "" if len(images) == 1 else f"_{name}"
        sizes = (f"H{suffix}", f"W{suffix}")
        shapes[name] = (value.type.shape[0], *sizes) if value.type.rank == 3 else value.type.shape
    return shapes


def output_shapes(graph: Graph) -> dict[Value, tuple[int | str, ...]]:
    """Shapes of the outputs without N; dimensions that follow the size of the image are names.

    Raises:
        ArchdslError: E1002 if no input is an image, or if a node can't do with another size.
    """
    if not any(value.type.rank == 3 for value in graph.inputs.values()):
        raise ArchdslError(Diagnostic("E1002", "no input is an image [N, C, H, W]: no height or width can stay open"))
    other = _types_at(graph, lambda h, w: (2 * h, 3 * w))
    _types_at(graph, lambda h, w: (h + 1, w + 1), must=False)
    shapes: dict[Value, tuple[int | str, ...]] = {}
    for name, value in graph.outputs.items():
        pairs = zip(value.type.shape, other[value].shape, strict=True)
        shapes[value] = tuple(a if a == b else f"{name}_{axis}" for axis, (a, b) in enumerate(pairs, 1))
    return shapes


def _types_at(
    graph: Graph, resize: Callable[[int, int], tuple[int, int]], must: bool = True
) -> dict[Value, TensorType]:
    """The type of every value when the images have another size, after checking that each node is lowered alike.

    Not every network takes every size (two branches may round differently): unless it `must`, such a network passes.
    """
    types: dict[Value, TensorType] = {}
    for value in graph.inputs.values():
        shape = value.type.shape
        types[value] = TensorType((shape[0], *resize(*shape[1:])), value.type.dtype) if len(shape) == 3 else value.type
    for node in graph.nodes:
        operands = tuple(types[v] for v in node.operands)
        try:
            made = infer(node.op, operands)
        except OperatorError as error:
            if must:
                raise _fixed(node, error.message) from error
            return {}
        if operands != node.operand_types:
            _check_same(node, operands)
        types.update(zip(node.outputs, made, strict=True))
    return types


def _check_same(node: Node, other: tuple[TensorType, ...]) -> None:
    if weights_of(node.op, node.operand_types) != weights_of(node.op, other):
        raise _fixed(node, "its weights depend on the size")
    if _trace(node.op, node.operand_types) != _trace(node.op, other):
        raise _fixed(node, "its ONNX form has the size written in")


def _fixed(node: Node, reason: str) -> ArchdslError:
    message = f"`{node.op.name}` at `{node.path}` works for one image size only: {reason}"
    return ArchdslError(Diagnostic("E1002", message, node.span))


@lru_cache(maxsize=4096)
def _trace(op: Operator, operands: tuple[TensorType, ...]) -> tuple[object, ...]:
    recorder = _Recorder()
    recorder.steps.append(tuple(op.onnx(recorder, [f"operand {i}" for i in range(len(operands))], operands)))
    return tuple(recorder.steps)


@dataclass
class _Recorder:
    """An `OnnxBuilder` that writes down what it is asked for, to be compared."""

    steps: list[object] = field(default_factory=list)

    def _note(self, *step: object) -> str:
        self.steps.append(step)
        return f"value {len(self.steps)}"

    def node(self, op_type: str, *inputs: str, **attributes: Attribute) -> str:
        return self._note(op_type, inputs, repr(attributes))

    def nodes(self, op_type: str, *inputs: str, outputs: int, **attributes: Attribute) -> tuple[str, ...]:
        made = self._note(op_type, inputs, repr(attributes))
        return tuple(f"{made}.{i}" for i in range(outputs))

    def weight(self, name: str, transform: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = None) -> str:
        return self._note(name, transform is None)

    def weights(self, names: Sequence[str], transform: Callable[..., np.ndarray[Any, Any]]) -> str:
        return self._note(tuple(names))

    def constant(self, value: object, dtype: str = "int64") -> str:
        array = np.asarray(value, dtype=dtype)
        return self._note(array.shape, array.dtype.str, array.tobytes())
