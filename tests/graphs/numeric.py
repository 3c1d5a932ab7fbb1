"""Runs two graphs on the same random weights and inputs."""

from __future__ import annotations

import torch

from archdsl.backends.torch.loading import build_module
from archdsl.ir.graph import Graph
from archdsl.types import TensorType

BATCH = 2


def random_inputs(graph: Graph, integer_ranges: dict[str, int], seed: int = 0) -> list[torch.Tensor]:
    """A tensor for each input: standard normal in float64, or integers below the bound."""
    generator = torch.Generator().manual_seed(seed)
    return [_tensor(value.type, integer_ranges.get(name, 10), generator) for name, value in graph.inputs.items()]


def outputs_of(graph: Graph, inputs: list[torch.Tensor], weights: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """What the graph's module makes of the inputs in eval mode and float64, in the order of the outputs.

    `weights` holds what earlier graphs had; where the module has further ones, they are added to it.
    """
    module = build_module(graph).double().eval()
    own = module.state_dict()
    for key, tensor in own.items():
        weights.setdefault(key, torch.rand_like(tensor) if tensor.is_floating_point() else tensor)
    module.load_state_dict({key: weights[key] for key in own})
    torch.set_default_dtype(torch.float64)  # for constants beside int64 inputs, which tell no float type
    try:
        with torch.no_grad():
            made = module(*inputs)
    finally:
        torch.set_default_dtype(torch.float32)
    return list(made.values()) if isinstance(made, dict) else [made]


def assert_same_outputs(before: Graph, after: Graph, integer_ranges: dict[str, int] | None = None) -> None:
    """Both graphs, with the same weights by path, give the same outputs.

    Where a float64 run meets numbers that are not finite the simplifier promises nothing; they may differ there.
    """
    inputs = random_inputs(before, integer_ranges or {})
    weights: dict[str, torch.Tensor] = {}
    expected = outputs_of(before, inputs, weights)
    found = outputs_of(after, inputs, weights)
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        finite = one.isfinite() & other.isfinite()
        torch.testing.assert_close(one[finite], other[finite], rtol=1e-9, atol=1e-9)


def _tensor(type: TensorType, bound: int, generator: torch.Generator) -> torch.Tensor:
    shape = (BATCH, *type.shape)
    if type.dtype == "int64":
        return torch.randint(0, bound, shape, generator=generator)
    return torch.randn(shape, generator=generator, dtype=torch.float64)
