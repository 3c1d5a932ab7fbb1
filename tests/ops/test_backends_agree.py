"""Module, generated source and ONNX Runtime give the same numbers for every sample of every operator."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from archdsl.backends.onnx import to_model
from archdsl.backends.torch import build_module, to_source
from archdsl.ir.graph import Graph, Value
from archdsl.ops.base import Operator, Sample
from tests.ops.samples import SAMPLES, tensors


def network(op: Operator, sample: Sample) -> Graph:
    """A graph of the one operator."""
    graph = Graph("sample", {f"x{i}": Value(x, f"x{i}") for i, x in enumerate(sample.operands)})
    node = graph.add(op, list(graph.inputs.values()), op.name)
    graph.outputs = {f"y{i}": y for i, y in enumerate(node.outputs)}
    return graph


def disturb(module: nn.Module, generator: torch.Generator) -> None:
    """Give every weight a value that matters: none is left at 0 or 1."""
    with torch.no_grad():
        for name, weight in module.state_dict().items():
            if weight.dtype == torch.float32:
                low = 0.5 if name.endswith("running_var") else -1.0
                weight.uniform_(low, low + 1.5, generator=generator)


def outputs(module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    with torch.no_grad():
        made: Any = module(*inputs)
    return [made] if isinstance(made, Tensor) else list(made.values())


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_backends_agree(op: Operator, sample: Sample) -> None:
    generator = torch.Generator().manual_seed(0)
    graph = network(op, sample)
    module = build_module(graph).eval()
    disturb(module, generator)

    written = ModuleType("written")
    exec(compile(to_source(graph), "written", "exec"), vars(written))
    standalone: nn.Module = written.build().eval()
    standalone.load_state_dict(module.state_dict())

    model = to_model(graph, {name: weight.numpy() for name, weight in module.state_dict().items()})
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), quiet(), providers=["CPUExecutionProvider"])
    read = [value.name for value in session.get_inputs()]

    for batch in (2, 1, 3):
        inputs = tensors(sample, batch, seed=batch)
        expected = outputs(module, inputs)
        for ours, theirs in zip(expected, outputs(standalone, inputs), strict=True):
            assert torch.equal(ours, theirs)
        fed = {f"x{i}": x.numpy() for i, x in enumerate(inputs) if f"x{i}" in read}
        for ours, theirs in zip(expected, session.run(None, fed), strict=True):
            assert ours.numpy().dtype == theirs.dtype
            np.testing.assert_allclose(theirs, ours.numpy(), rtol=1e-5, atol=1e-5)


def quiet() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return options
