"""The network as a `torch.export` program."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.export import Dim, ExportedProgram, export

from archdsl.ir.graph import Graph


def export_program(module: nn.Module, graph: Graph, dynamic_size: bool = False) -> ExportedProgram:
    """The inference form of a module, traced by `torch.export`; N is dynamic.

    The module is traced in eval mode and is given back in the mode it had.

    Args:
        module: made from `graph` by `build_module`.
        graph: the inference form; its inputs are the program's, floats in the type of the module's weights.
        dynamic_size: height and width of the inputs are dynamic too, as far as the network allows.
    """
    first = next(module.parameters(), torch.empty(0))
    kinds = {"float32": next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)}
    kinds["int64"] = torch.int64
    inputs = tuple(
        torch.zeros((2, *value.type.shape), dtype=kinds[value.type.dtype], device=first.device)
        for value in graph.inputs.values()
    )
    batch = Dim("N", min=1)
    dynamic = tuple(
        {0: batch} | (dict.fromkeys(range(2, value.type.rank + 1), Dim.AUTO) if dynamic_size else {})
        for value in graph.inputs.values()
    )
    mode = module.training
    module.eval()
    try:
        return export(module, inputs, dynamic_shapes=dynamic)
    finally:
        module.train(mode)


def save_program(program: ExportedProgram, path: Path) -> None:
    """Write an exported program as a .pt2 file."""
    torch.export.save(program, path)
