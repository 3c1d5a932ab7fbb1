"""Optimized graphs held against the graphs they came from, weights mapped there and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archdsl.backends.torch.loading import build_module
from archdsl.ir.graph import Graph
from archdsl.ir.verify import assert_valid
from archdsl.passes.base import Pass
from archdsl.passes.optimization import EVERY, Optimized, optimize
from archdsl.passes.weights import NoInverseError
from tests.graphs.numeric import random_inputs

State = dict[str, "np.ndarray[Any, Any]"]
EXACT = 1e-10
CLOSE = 1e-4


def random_state(graph: Graph, seed: int = 0, extreme: bool = False) -> State:
    """Weights in float64 that keep the size of signals, with factors of all signs and some that are zero.

    `extreme` makes some variances tiny, which lets signals grow a hundredfold in each layer.
    """
    rng = np.random.default_rng(seed)
    found: State = {}
    for key, tensor in build_module(graph).state_dict().items():
        shape = tuple(tensor.shape)
        if not tensor.is_floating_point():
            found[key] = np.zeros(shape, np.int64)
        elif len(shape) > 1:
            found[key] = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
        elif key.endswith("running_var"):
            found[key] = rng.uniform(0.3, 2, shape) * (rng.choice([1, 1, 1, 1e-6], shape) if extreme else 1)
        elif key.endswith("weight"):
            found[key] = rng.uniform(0.5, 1.5, shape) * rng.choice([1, 1, 1, -1, 0], shape)
        else:
            found[key] = rng.normal(0, 0.5, shape)
    return found


def module_of(graph: Graph, state: State, dtype: torch.dtype = torch.float64) -> nn.Module:
    """The graph's module with these weights."""
    with torch.device("meta"):
        module = build_module(graph)
    tensors = {key: torch.from_numpy(np.array(array)) for key, array in state.items()}
    given = {key: t.to(dtype) if t.is_floating_point() else t for key, t in tensors.items()}
    module.load_state_dict(given, assign=True)
    return module.eval()


def outputs(module: nn.Module, inputs: Sequence[Tensor], dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """What a module gives in this precision, in the order of its outputs."""
    torch.set_default_dtype(dtype)
    try:
        with torch.no_grad():
            made = module(*[x.to(dtype) if x.is_floating_point() else x for x in inputs])
    finally:
        torch.set_default_dtype(torch.float32)
    return list(made.values()) if isinstance(made, dict) else [made]


def assert_close(expected: Sequence[Tensor], found: Sequence[Tensor], tolerance: float) -> None:
    """Equal up to `tolerance` of the largest element, wherever both are finite."""
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        finite = one.isfinite() & other.isfinite()
        one, other = one[finite].double(), other[finite].double()
        if one.numel():
            assert (one - other).abs().max() <= tolerance * max(1.0, one.abs().max().item())


def assert_as_close_as_rounding(
    graph: Graph, state: State, inputs: Sequence[Tensor], expected: Sequence[Tensor], found: Sequence[Tensor]
) -> None:
    """Equal up to `EXACT`; where rounding each weight once more moves the outputs further, up to so much.

    Networks of 150 layers with random weights can be so sensitive; trained ones aren't.
    """
    try:
        assert_close(expected, found, EXACT)
    except AssertionError:
        ulp = np.finfo(np.float64).eps
        signs = np.random.default_rng(1)
        rounded = {
            key: a * (1 + ulp * signs.choice([-1, 1], a.shape)) if a.dtype.kind == "f" else a
            for key, a in state.items()
        }
        moved = outputs(module_of(graph, rounded), inputs)
        assert_close(expected, found, max(EXACT, farthest(expected, moved)))


def farthest(expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
    """The largest difference, relative to the largest element of its output, or to 1 if that is larger."""
    pairs = zip(expected, found, strict=True)
    return max(float((a.double() - b.double()).abs().max() / max(1.0, a.abs().max().item())) for a, b in pairs)


def assert_equal_networks(
    graph: Graph,
    groups: Sequence[Sequence[Pass]] = EVERY,
    ranges: dict[str, int] | None = None,
    single: bool = False,
    seed: int = 0,
    invertible: bool = True,
    extreme: bool = False,
) -> Optimized:
    """Optimized equals unoptimized, its weights map back, and nothing is left to do; gives the optimized graph.

    Unless `invertible`, a map may say that it has no way back. `single` compares float32 outputs, too.
    """
    made = optimize(graph, groups)
    assert_valid(made.graph)
    assert list(made.graph.inputs) == list(graph.inputs)
    assert list(made.graph.outputs) == list(graph.outputs)
    state, inputs = random_state(graph, seed, extreme), random_inputs(graph, ranges or {}, seed)
    new = made.weights.forward(state)
    assert {key: array.shape for key, array in new.items()} == {k: s.shape for k, s in made.weights.target.items()}
    expected = outputs(module_of(graph, state), inputs)
    assert_as_close_as_rounding(graph, state, inputs, expected, outputs(module_of(made.graph, new), inputs))
    try:
        back = made.weights.backward(new)
    except NoInverseError:
        assert not invertible
    else:
        assert_as_close_as_rounding(graph, state, inputs, expected, outputs(module_of(graph, back), inputs))
    assert not optimize(made.graph, groups).records
    if single:
        rounded = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in state.items()}
        mapped = made.weights.forward(rounded)
        assert all(array.dtype in (np.float32, np.int64) for array in mapped.values())
        plain = outputs(module_of(graph, rounded, torch.float32), inputs, torch.float32)
        found = outputs(module_of(made.graph, mapped, torch.float32), inputs, torch.float32)
        try:
            assert_close(plain, found, CLOSE)
        except AssertionError:  # as far from the true values as the plain network at most, or half as far again
            exact = outputs(module_of(graph, rounded), inputs)
            assert farthest(exact, found) <= 1.5 * farthest(exact, plain)
            assert farthest(exact, plain) > CLOSE / 2
    return made
