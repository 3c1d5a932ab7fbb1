"""Operators applied to tensors, for tests of what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from archdsl.ir.graph import Graph, Value
from archdsl.ops.base import Operator, Sample, infer
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.samples import run


def type_of(x: Tensor) -> TensorType:
    """The type of a tensor [N, ...]."""
    return TensorType(tuple(x.shape[1:]), "float32" if x.is_floating_point() else "int64")


def applied(op: type[Operator], attributes: dict[str, Any], *operands: Tensor) -> list[Tensor]:
    """What the torch lowering gives, after checking that the shape rule foretells it."""
    types = tuple(type_of(x) for x in operands)
    made = run(make(op, attributes), Sample(attributes, types), operands)
    assert [type_of(y) for y in made] == list(infer(make(op, attributes), types))
    assert all(len(y) == len(operands[0]) for y in made)
    return made


def per_sample(op: type[Operator], attributes: dict[str, Any], *operands: Tensor) -> list[np.ndarray[Any, Any]]:
    """The only output, one array for each sample."""
    (made,) = applied(op, attributes, *operands)
    return list(made.numpy())


def network(op: type[Operator], attributes: dict[str, Any], *operands: TensorType) -> Graph:
    """A graph of the one operator."""
    graph = Graph("sample", {f"x{i}": Value(x, f"x{i}") for i, x in enumerate(operands)})
    node = graph.add(make(op, attributes), list(graph.inputs.values()), op.name)
    graph.outputs = {f"y{i}": y for i, y in enumerate(node.outputs)}
    return graph
