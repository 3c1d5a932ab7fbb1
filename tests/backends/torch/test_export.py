"""`torch.compile` and `torch.export`."""

from __future__ import annotations

import gc
import importlib
import sys

import pytest
import torch

from archdsl.backends.torch import build_module, export_program
from archdsl.ir.graph import Graph
from tests.backends.torch.builder import Builder, resnet
from tests.backends.torch.test_module import pyramid, with_auxiliary_heads


def tiny() -> Graph:
    b = Builder(x=(4,))
    return b.done(y=b.step("relu", b.step("linear", b.x, out_features=3)))


@pytest.mark.parametrize("graph", [resnet((2, 3), 32, 4, 10), pyramid()], ids=["resnet", "pyramid"])
def test_compiles_without_breaks(graph: Graph) -> None:
    module = build_module(graph).eval()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for n in (2, 3):
        x = torch.randn(n, 3, 32, 32)
        torch.testing.assert_close(compiled(x), module(x), rtol=0, atol=0)


def test_compiles_within_a_larger_network() -> None:
    larger = torch.nn.Sequential(build_module(tiny()), torch.nn.Linear(3, 2)).eval()
    compiled = torch.compile(larger, fullgraph=True, backend="eager")
    x = torch.randn(2, 4)
    torch.testing.assert_close(compiled(x), larger(x), rtol=0, atol=0)


def test_generated_modules_can_be_imported_as_long_as_they_live() -> None:
    b = Builder(x=(5,))  # of this test alone: the compiler of another one would keep it
    module = build_module(b.done(y=b.step("relu", b.x)))
    name = type(module).__module__
    assert getattr(importlib.import_module(name), type(module).__name__) is type(module)
    del module
    gc.collect()
    assert name not in sys.modules


def test_both_modes_compile() -> None:
    module = build_module(with_auxiliary_heads(False), with_auxiliary_heads(True))
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    x = torch.randn(2, 3, 8, 8)
    assert list(compiled(x)) == ["logits", "aux0", "aux1"]
    module.eval()
    assert torch.equal(compiled(x), module(x))


@pytest.mark.filterwarnings("ignore")  # of torch's own code generator
def test_inductor() -> None:
    module = build_module(tiny()).eval()
    x = torch.randn(2, 4)
    torch.testing.assert_close(torch.compile(module, fullgraph=True)(x), module(x))


@pytest.mark.parametrize("graph", [resnet((1, 1), 32, 4, 10), pyramid()], ids=["resnet", "pyramid"])
def test_export_has_dynamic_n(graph: Graph) -> None:
    module = build_module(graph)
    program = export_program(module, graph)
    assert module.training
    module.eval()
    for n in (1, 3):
        x = torch.randn(n, 3, 32, 32)
        torch.testing.assert_close(program.module()(x), module(x))
    with pytest.raises(AssertionError, match="image"):
        program.module()(torch.randn(2, 3, 30, 30))


def test_export_with_dynamic_size() -> None:
    graph = with_auxiliary_heads(False)
    module = build_module(graph, dynamic_size=True)
    program = export_program(module, graph, dynamic_size=True)
    assert program.module()(torch.randn(1, 3, 10, 14)).shape == (1, 5)
