"""Sizes and padding of sliding windows, against torch and against TensorFlow's formula."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ops.base import OperatorError, infer
from archdsl.ops.families.convolution import Conv1d, Conv2d
from archdsl.ops.families.pooling import MaxPool2d
from archdsl.ops.families.transposed_convolution import ConvTranspose2d
from archdsl.ops.registry import make
from archdsl.ops.rules.windows import Window
from archdsl.types import TensorType

SIZES = st.integers(1, 12)
SMALL = st.integers(1, 4)


@given(SIZES, SMALL, SMALL, SMALL, st.integers(0, 4), st.booleans())
def test_lengths_are_those_of_torchs_pooling(
    size: int, kernel: int, stride: int, dilation: int, padding: int, ceil_mode: bool
) -> None:
    window = Window.resolve((kernel,), (stride,), (dilation,), padding, (size,))
    x = torch.empty(1, 1, size, device="meta")
    try:
        expected = F.max_pool1d(x, kernel, stride, padding, dilation, ceil_mode).shape[-1]
    except RuntimeError:
        return  # too much padding, or no window fits
    assert window.outputs(ceil_mode) == (expected,)


@given(SIZES, st.integers(1, 5), SMALL, SMALL)
def test_same_gives_the_size_over_the_stride(size: int, kernel: int, stride: int, dilation: int) -> None:
    window = Window.resolve((kernel,), (stride,), (dilation,), "same", (size,))
    ((before, after),) = window.padding
    assert window.outputs() == (-(-size // stride),)
    assert after - before in (0, 1)
    if before + after:
        # No more than the last window needs.
        assert (window.outputs()[0] - 1) * stride + window.extents[0] == size + before + after


@given(SIZES, st.integers(1, 5), SMALL, SMALL)
def test_same_pooling_takes_every_size(size: int, kernel: int, stride: int, dilation: int) -> None:
    op = make(MaxPool2d, {"kernel_size": kernel, "stride": stride, "dilation": dilation, "padding": "same"})
    (y,) = infer(op, (TensorType((2, size, 9)),))
    assert y.shape[1] == -(-size // stride)


@given(SIZES, st.integers(1, 5), SMALL, SMALL, st.integers(0, 3), st.integers(0, 3))
def test_transposed_convolution_has_torchs_size(
    size: int, kernel: int, stride: int, dilation: int, padding: int, more: int
) -> None:
    attributes = {
        "out_channels": 1,
        "kernel_size": kernel,
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
        "output_padding": more,
    }
    x = torch.empty(1, 1, size, size, device="meta")
    module = torch.nn.ConvTranspose2d(1, 1, kernel, stride, padding, more, dilation=dilation, device="meta")
    try:
        # On the meta device torch does not look at output_padding.
        expected = tuple(module(x).shape[1:]) if more < max(stride, dilation) else None
    except RuntimeError:
        expected = None
    if expected is None:
        with pytest.raises(OperatorError):
            infer(make(ConvTranspose2d, attributes), (TensorType((1, size, size)),))
        return
    assert infer(make(ConvTranspose2d, attributes), (TensorType((1, size, size)),))[0].shape == expected


def test_padding_on_four_sides_is_left_right_top_bottom() -> None:
    op = make(Conv2d, {"out_channels": 1, "kernel_size": 1, "padding": [1, 2, 30, 40]})
    assert infer(op, (TensorType((1, 5, 5)),))[0].shape == (1, 75, 8)


def test_half_keeps_the_size_of_odd_windows() -> None:
    op = make(Conv2d, {"out_channels": 1, "kernel_size": [3, 7], "dilation": [2, 1], "padding": "half"})
    assert infer(op, (TensorType((1, 9, 8)),))[0].shape == (1, 9, 8)
    assert op.canonical_attributes((TensorType((1, 9, 8)),))["padding"] == (2, 3)


def test_a_pair_pads_the_two_ends_of_one_axis() -> None:
    op = make(Conv1d, {"out_channels": 1, "kernel_size": 1, "padding": [1, 30]})
    assert infer(op, (TensorType((1, 5)),))[0].shape == (1, 36)


def test_hints_name_the_divisors() -> None:
    op = make(Conv2d, {"out_channels": 64, "kernel_size": 1, "groups": 3})
    with pytest.raises(OperatorError) as caught:
        infer(op, (TensorType((64, 5, 5)),))
    assert caught.value.message == "groups=3 does not divide in_channels=64"
    assert caught.value.hint == "a divisor of 64 is needed: 1, 2, 4, 8, 16, 32, 64"


@pytest.mark.parametrize(
    "attributes",
    [
        {"out_channels": 10**12, "kernel_size": 1},
        {"out_channels": 2, "kernel_size": 1, "padding": 2**52},
        {"out_channels": 2, "kernel_size": 2**52, "padding": "same"},
        {"out_channels": 10**15, "kernel_size": 1, "groups": 10**14},
    ],
)
def test_huge_numbers_are_refused_at_once(attributes: dict[str, int]) -> None:
    with pytest.raises(OperatorError) as caught:
        infer(make(Conv2d, attributes), (TensorType((64, 5, 5)),))
    assert caught.value.code in ("E0905", "E0302")
