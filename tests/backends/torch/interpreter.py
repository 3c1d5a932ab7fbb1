"""A second way to run a graph: node by node, with the weights of a module. Slow and plain, to compare with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.backends.torch import support
from archdsl.backends.torch.printing import print_expression
from archdsl.ir.graph import Graph, Value
from archdsl.ir.naming import module_path


def example_inputs(graph: Graph, n: int = 2, ranges: dict[str, int] | None = None) -> list[Tensor]:
    """Random inputs; int64 ones below the bound in `ranges`."""
    made = []
    for name, value in graph.inputs.items():
        shape = (n, *value.type.shape)
        if value.type.dtype == "int64":
            made.append(torch.randint((ranges or {}).get(name, 2), shape))
        else:
            made.append(torch.randn(shape))
    return made


def interpret(graph: Graph, module: nn.Module, inputs: list[Tensor]) -> dict[str, Tensor]:
    """Outputs of the inference form."""
    values: dict[Value, Tensor] = dict(zip(graph.inputs.values(), inputs, strict=True))
    names: dict[str, Any] = {**vars(support), "torch": torch, "F": F, "nn": nn}
    names["self"] = SimpleNamespace(training=module.training)
    for node in graph.nodes:
        lowering = node.op.torch(node.operand_types)
        leaf = "leaf" if lowering.leaf else None
        operands = [f"v{i}" for i in range(len(node.operands))]
        bound: dict[str, Any] = {name: values[v] for name, v in zip(operands, node.operands, strict=True)}
        if leaf:
            bound["leaf"] = module.get_submodule(module_path(node.path))
        result = eval(print_expression(lowering.result, operands, leaf), names | bound)
        made = (result,) if len(node.outputs) == 1 else result
        values.update(zip(node.outputs, made, strict=True))
    return {name: values[v] for name, v in graph.outputs.items()}
