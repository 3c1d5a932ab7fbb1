"""Constants and zeros take N from what they read, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from archdsl.backends.torch import build_module
from archdsl.ops.base import Operator
from archdsl.ops.families.affine import AddBias, Scale
from archdsl.ops.families.correlation import CrossCorrelation
from archdsl.ops.families.detection import Anchors
from archdsl.ops.families.selection import Gather, IndexSelect
from archdsl.ops.families.structural import Constant, Zero
from archdsl.types import TensorType
from tests.ops.applied import applied, network

IMAGE = TensorType((4, 5, 7))


def test_a_number_is_repeated_to_the_shape() -> None:
    (made,) = applied(Constant, {"value": 2, "shape": [3, 2]}, torch.zeros(4, 5))
    assert torch.equal(made, torch.full((4, 3, 2), 2.0))


def test_lists_have_their_own_shape() -> None:
    (made,) = applied(Constant, {"value": [[1, 2, 3], [4, 5, 6]], "dtype": "int64"}, torch.zeros(2, 9).long())
    assert made.tolist() == [[[1, 2, 3], [4, 5, 6]]] * 2
    assert made.dtype == torch.int64


def test_a_constant_has_the_precision_of_the_network() -> None:
    (made,) = applied(Constant, {"value": 0.1}, torch.zeros(2, 3, dtype=torch.float64))
    assert made.dtype == torch.float64
    assert made.tolist() == [0.1, 0.1]


def test_zero_has_the_shape_of_a_padded_convolution() -> None:
    for size in range(1, 9):
        for stride in range(1, 4):
            x = torch.ones(2, 3, size, size + 1)
            (made,) = applied(Zero, {"stride": stride, "out_channels": 5}, x)
            assert made.shape == nn.Conv2d(3, 5, 3, stride, 1)(x).shape
            assert not made.any()


def test_one_number_per_channel() -> None:
    x = torch.ones(2, 4, 3)
    for op, start, expected in ((AddBias, 0.0, 1.5), (Scale, 1.0, 0.5)):
        module = build_module(network(op, {}, TensorType((4, 3))))
        (weight,) = module.parameters()
        assert weight.tolist() == [start] * 4
        with torch.no_grad():
            weight[2] = 0.5
        made = module(x)
        assert (made[:, 2] == expected).all()
        assert (made[:, [0, 1, 3]] == 1).all()


@pytest.mark.parametrize(
    ("op", "attributes", "operands"),
    [
        (Constant, {"value": [1.0, 2.0]}, [IMAGE]),
        (Constant, {"value": 3, "shape": [2], "dtype": "int64"}, [IMAGE]),
        (Zero, {"stride": 2}, [IMAGE]),
        (IndexSelect, {"index": [3, 1]}, [IMAGE]),
        (Gather, {}, [IMAGE, TensorType((2,), "int64")]),
        (Anchors, {"size": 8, "stride": 4}, [IMAGE]),
        (CrossCorrelation, {}, [TensorType((4, 2, 3)), IMAGE]),
        (CrossCorrelation, {"depthwise": True}, [TensorType((4, 2, 3)), IMAGE]),
    ],
)
def test_exports_with_any_batch_size(
    op: type[Operator], attributes: dict[str, Any], operands: list[TensorType]
) -> None:
    """What needs N in PyTorch, or makes tensors of its own: exported for every N, and for one graph."""
    module = build_module(network(op, attributes, *operands))

    def inputs(batch: int) -> tuple[torch.Tensor, ...]:
        kinds = {"float32": lambda s: torch.randn(s), "int64": lambda s: torch.randint(0, 4, s)}
        return tuple(kinds[x.dtype]((batch, *x.shape)) for x in operands)

    batch = torch.export.Dim("N", min=1)
    exported = torch.export.export(module, inputs(3), dynamic_shapes=tuple({0: batch} for _ in operands)).module()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for n in (1, 2, 5):
        given = inputs(n)
        torch.testing.assert_close(exported(*given), module(*given))
        torch.testing.assert_close(compiled(*given), module(*given))
