"""Winograd's filtering is the convolution: for all sizes, paddings, strides of memory, blocks and activations."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from archdsl.backends.torch.inference.planned import winograd
from archdsl.backends.torch.inference.planned.activations import Activation

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}


def run(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    padding: tuple[int, int, int, int],
    tile: int,
    activation: str = "none",
    residual: Tensor | None = None,
) -> Tensor:
    """A layer on x [N, C, H, W] with rows added above, below, and columns left and right."""
    top, bottom, left, right = padding
    n, c, h, w = x.shape
    grid = winograd.Grid(n, h + top + bottom - 2, w + left + right - 2, tile)
    filters = winograd.transformed(weight, bias, tile)
    k = len(weight)
    padded = torch.zeros(n, *grid.padded, c, dtype=x.dtype)
    scratch = torch.full((2, grid.scratch(max(c, k))), float("nan"), dtype=x.dtype)
    wide = torch.full((n, grid.height, grid.width, k + 3), float("nan"), dtype=x.dtype)
    out = wide[..., 2 : 2 + k]  # as where channels are joined
    added = None if residual is None else residual.permute(0, 2, 3, 1)
    steps = winograd.calls(
        filters, x.permute(0, 2, 3, 1), out, (top, left), padded, scratch, Activation(activation), added
    )
    for _ in range(2):  # nothing is left behind that the next run would read
        for step in steps:
            step()
    assert wide[..., :2].isnan().all()
    assert wide[..., 2 + k :].isnan().all()
    return out.permute(0, 3, 1, 2)


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= TOLERANCE[found.dtype] * max(1.0, float(expected.abs().max()))


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 15), st.integers(1, 15), st.integers(1, 9)),
    padding=st.tuples(*[st.integers(0, 2)] * 4),
    tile=st.sampled_from([2, 4]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    bias=st.booleans(),
    block=st.sampled_from([1, 1000, 1 << 20]),
    seed=st.integers(0, 1000),
)
def test_it_is_the_convolution(
    sizes: tuple[int, int, int, int, int],
    padding: tuple[int, int, int, int],
    tile: int,
    dtype: torch.dtype,
    bias: bool,
    block: int,
    seed: int,
) -> None:
    n, c, h, w, k = sizes
    top, bottom, left, right = padding
    h, w = max(h, 3 - top - bottom), max(w, 3 - left - right)
    torch.manual_seed(seed)
    x = torch.randn(n, c, h, w, dtype=dtype)
    weight = torch.randn(k, c, 3, 3, dtype=dtype) / (9 * c) ** 0.5
    added = torch.randn(k, dtype=dtype) if bias else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "BLOCK_ELEMENTS", block)
        found = run(x, weight, added, padding, tile)
    assert_close(found, F.conv2d(F.pad(x, (left, right, top, bottom)), weight, added))


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("activation", ["relu", "relu6", "hardswish", "silu", "elu", "gelu", "tanh", "hardsigmoid"])
@pytest.mark.parametrize("with_residual", [False, True])
def test_what_is_fused(tile: int, activation: str, with_residual: bool) -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.randn(2, 8, 11, 10), torch.randn(6, 8, 3, 3) / 8, torch.randn(6)
    residual = torch.randn(2, 6, 11, 10) if with_residual else None
    plain = F.conv2d(x, weight, bias, padding=1)
    expected = getattr(F, activation)(plain if residual is None else plain + residual)
    assert_close(run(x, weight, bias, (1, 1, 1, 1), tile, activation, residual), expected)


@pytest.mark.parametrize("tile", [2, 4])
def test_the_matrices_are_exact(tile: int) -> None:
    # On integers every product is exact in float64, but for the thirds of F(4x4, 3x3).
    torch.manual_seed(0)
    x = torch.randint(-8, 9, (1, 2, 8, 8), dtype=torch.float64)
    weight = torch.randint(-8, 9, (2, 2, 3, 3), dtype=torch.float64)
    found = run(x, weight, None, (1, 1, 1, 1), tile)
    assert (found - F.conv2d(x, weight, padding=1)).abs().max() < 1e-11


def test_a_layer_in_float32_loses_a_digit_at_most() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(1, 256, 28, 28), torch.randn(64, 256, 3, 3) / 48
    exact = F.conv2d(x.double(), weight.double(), padding=1)
    lost = {tile: float((run(x, weight, None, (1, 1, 1, 1), tile) - exact).abs().max()) for tile in (2, 4)}
    assert lost[2] < 1e-5
    assert lost[4] < 1e-4
