"""Transposed convolution with `same` padding is the gradient of the `same` convolution."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ops.base import Sample
from archdsl.ops.families.convolution import Conv2d
from archdsl.ops.families.transposed_convolution import ConvTranspose2d
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.samples import build_leaf, run


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_same_is_the_gradient_of_same(kernel: int, stride: int, size: int) -> None:
    attributes = {"out_channels": 2, "kernel_size": kernel, "stride": stride, "padding": "same", "bias": False}
    small, large = TensorType((3, size, size)), TensorType((2, size * stride, size * stride))
    transposed = make(ConvTranspose2d, attributes)
    leaf = transposed.torch((small,)).leaf
    assert leaf is not None
    module = build_leaf(leaf)
    y = torch.randn(1, *small.shape, generator=torch.Generator().manual_seed(0))
    (made,) = run(transposed, Sample(attributes, (small,)), [y], module)

    ((top, bottom), (left, right)) = make(Conv2d, attributes).window(large).padding  # type: ignore[attr-defined]
    x = torch.zeros(1, *large.shape, requires_grad=True)
    forward = F.conv2d(F.pad(x, (left, right, top, bottom)), module.get_parameter("weight"), stride=stride)
    (expected,) = torch.autograd.grad(forward, x, y)
    torch.testing.assert_close(made, expected)
