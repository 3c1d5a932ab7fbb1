"""What pooling gives where torch alone does not say it: uneven padding, positions, the inverse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archdsl.ops.base import Operator, Sample, infer
from archdsl.ops.families.adaptive_pooling import MaxUnpool2d
from archdsl.ops.families.average_pooling import AvgPool2d
from archdsl.ops.families.pooling import MaxPool2d
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.samples import run


def applied(op: type[Operator], attributes: dict[str, Any], *operands: Tensor) -> list[Tensor]:
    types = tuple(TensorType(tuple(x.shape[1:]), "float32" if x.is_floating_point() else "int64") for x in operands)
    made = run(make(op, attributes), Sample(attributes, types), operands)
    assert [tuple(y.shape[1:]) for y in made] == [t.shape for t in infer(make(op, attributes), types)]
    return made


def test_same_averages_leave_padding_out() -> None:
    ones = torch.ones(1, 2, 6, 7)
    attributes = {"kernel_size": 3, "stride": 2, "padding": "same"}
    (y,) = applied(AvgPool2d, attributes, ones)
    torch.testing.assert_close(y, torch.ones(1, 2, 3, 4))
    (counted,) = applied(AvgPool2d, {**attributes, "count_include_pad": True}, ones)
    # Below and to the right of the last window, one row of zeros; left and right one column each.
    torch.testing.assert_close(counted[0, 0, :, 1], torch.tensor([1, 1, 2 / 3]))
    torch.testing.assert_close(counted[0, 0, 0], torch.tensor([2 / 3, 1, 1, 2 / 3]))


def test_padding_never_is_the_maximum() -> None:
    x = torch.full((1, 1, 6, 6), -5.0)
    for padding in ("same", "half", [0, 1, 1, 0]):
        (y,) = applied(MaxPool2d, {"kernel_size": 2, "stride": 1, "padding": padding}, x)
        assert (y == -5).all()


@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_size": 3, "stride": 2, "padding": "same"},
        {"kernel_size": 2, "stride": 1, "padding": [1, 0, 0, 1]},
        {"kernel_size": 3, "stride": 1, "padding": "half", "dilation": 2},
        {"kernel_size": [3, 2], "stride": [2, 3], "ceil_mode": True},
    ],
)
def test_positions_point_at_the_maxima(attributes: dict[str, Any]) -> None:
    x = torch.randn(2, 3, 8, 6, generator=torch.Generator().manual_seed(0))
    y, found = applied(MaxPool2d, {**attributes, "return_indices": True}, x)
    assert torch.equal(x.flatten(2).gather(2, found.flatten(2)).reshape(y.shape), y)


def test_unpooling_puts_the_maxima_back() -> None:
    x = torch.randn(2, 3, 7, 8, generator=torch.Generator().manual_seed(0))
    y, found = applied(MaxPool2d, {"kernel_size": 2, "return_indices": True}, x)
    (back,) = applied(MaxUnpool2d, {"kernel_size": 2, "output_size": [7, 8]}, y, found)
    assert back.shape == x.shape
    assert torch.equal(back[back != 0], x[back != 0])
    assert torch.equal(F.max_pool2d(back.where(back != 0, torch.tensor(-9.0)), 2), y)
