"""Correlation of each sample with its own template, against plain loops."""

from __future__ import annotations

import pytest
import torch

from archdsl.ops.base import cost_of
from archdsl.ops.families.correlation import CrossCorrelation
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.applied import applied


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("depthwise", [False, True])
def test_is_the_sum_over_the_window(batch: int, depthwise: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(batch, 2, 2, 3, generator=generator)
    x = torch.randn(batch, 2, 4, 6, generator=generator)
    (made,) = applied(CrossCorrelation, {"depthwise": depthwise}, z, x)
    for n in range(batch):
        for i in range(3):
            for j in range(4):
                products = z[n] * x[n, :, i : i + 2, j : j + 3]
                expected = products.sum((1, 2)) if depthwise else products.sum().reshape(1)
                torch.testing.assert_close(made[n, :, i, j], expected)


def test_siamfcs_response() -> None:
    """SiamFC, section 2.1 and Table 1: a 6 x 6 x 128 template over 22 x 22 x 128 gives 17 x 17."""
    operands = (TensorType((128, 6, 6)), TensorType((128, 22, 22)))
    op = make(CrossCorrelation, {})
    assert op.infer(*operands) == (TensorType((1, 17, 17)),)
    assert cost_of(op, operands).mult_adds == 17 * 17 * 6 * 6 * 128
