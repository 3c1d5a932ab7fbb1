"""Anchors against torchvision's generator."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from archdsl.ops.families.detection import Anchors
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.applied import applied
from tests.ops.reference import torchvision_module

RATIOS = (0.5, 1.0, 2.0)


def torchvisions(
    sizes: tuple[float, ...], ratios: tuple[float, ...], grid: tuple[int, int], stride: tuple[int, int]
) -> torch.Tensor:
    generator: Any = torchvision_module("torchvision.models.detection.anchor_utils").AnchorGenerator(
        sizes=(sizes,), aspect_ratios=(ratios,)
    )
    strides = [[torch.tensor(stride[0]), torch.tensor(stride[1])]]
    (boxes,) = generator.grid_anchors([list(grid)], strides)
    assert isinstance(boxes, torch.Tensor)
    return boxes


@pytest.mark.parametrize("level", range(5))
def test_retinanets_levels(level: int) -> None:
    stride, scales = 8 * 2**level, (1.0, 1.26, 1.587)
    size = 4 * stride
    grid = (50 // 2**level + 1, 37 // 2**level + 1)
    x = torch.zeros(2, 3, *grid)
    attributes = {"size": size, "ratios": list(RATIOS), "scales": list(scales), "stride": stride}
    (made,) = applied(Anchors, attributes, x)
    expected = torchvisions(tuple(size * s for s in scales), RATIOS, grid, (stride, stride))
    assert torch.equal(made, torch.stack([expected, expected]))
    op = make(Anchors, attributes)
    assert isinstance(op, Anchors)
    assert torch.equal(torch.from_numpy(op.boxes(TensorType((3, *grid)))), expected)


def test_uneven_strides_and_odd_ratios() -> None:
    attributes = {"size": 10.5, "ratios": [0.37, 1.9], "scales": [0.9, 3.3], "stride": [4, 7]}
    (made,) = applied(Anchors, attributes, torch.zeros(1, 1, 3, 5))
    assert torch.equal(made[0], torchvisions((10.5 * 0.9, 10.5 * 3.3), (0.37, 1.9), (3, 5), (4, 7)))


def test_half_precision_keeps_the_coordinates() -> None:
    x = torch.zeros(1, 1, 1, 600, dtype=torch.bfloat16)
    (made,) = applied(Anchors, {"size": 16, "stride": 8}, x)
    assert made[0, -1].tolist() == [599 * 8 - 8, -8, 599 * 8 + 8, 8]
