"""Runs networks before and after the import, and builds small ONNX models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

import archdsl
from archdsl.importing.importer import import_file
from archdsl.importing.writing import Written

Arrays = dict[str, np.ndarray[Any, Any]]
BATCH = 2


def run_onnx(path: Path, fed: Arrays) -> list[np.ndarray[Any, Any]]:
    """The outputs of a model in ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = {value.name for value in session.get_inputs()}
    return list(session.run(None, {name: array for name, array in fed.items() if name in names}))


def run_spec(found: Written, folder: Path, fed: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """The outputs of an imported spec with its imported weights, built from its text."""
    path = folder / "imported_again.yaml"
    path.write_text(found.text)
    state = {name: torch.from_numpy(np.array(array)) for name, array in found.state.items()}
    module = archdsl.compile(archdsl.load(path), mode="inference", weights=state)
    with torch.no_grad():
        made = module(*map(torch.from_numpy, fed))
    return [value.numpy() for value in (made.values() if isinstance(made, dict) else [made])]


def assert_close(
    expected: Sequence[np.ndarray[Any, Any]], found: Sequence[np.ndarray[Any, Any]], tolerance: float = 1e-5
) -> None:
    """Equal up to this part of the largest number."""
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(other, one, rtol=tolerance, atol=tolerance * max(1.0, float(np.abs(one).max())))


def model(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int]],
    outputs: Sequence[str] = ("y",),
    constants: Mapping[str, Any] | None = None,
    opset: int = 18,
    batch: str | int = "N",
) -> Path:
    """Write a model with float inputs of these sample shapes; arrays become initializers."""
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [batch, *s]) for n, s in inputs.items()]
    results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items()]
    graph = helper.make_graph(list(nodes), "built", values, results, tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(made, path)
    return path


def assert_imported_equal(path: Path, inputs: Mapping[str, Sequence[int]], seed: int = 0) -> Written:
    """Import a model and compare its outputs with those of ONNX Runtime."""
    rng = np.random.default_rng(seed)
    fed = {name: rng.standard_normal((BATCH, *shape)).astype(np.float32) for name, shape in inputs.items()}
    found = import_file(path)
    assert_close(run_onnx(path, fed), run_spec(found, path.parent, list(fed.values())))
    return found


def operators_of(found: Written) -> list[str]:
    """The operators of an imported spec, in order."""
    return [node.op.name for node in found.graph.nodes]
