"""Broadcasting per sample, long sums, messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.backends.torch.printing import print_expression
from archdsl.ops.base import Operator, OperatorError, infer
from archdsl.ops.families.attention import MatMul
from archdsl.ops.families.joining import Concat, Stack
from archdsl.ops.families.merging import Add, Div, Maximum, Mean, Mul, Sub
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.applied import applied, per_sample

BATCH = 3
Array = np.ndarray[Any, Any]


def random(shape: tuple[int, ...], seed: int, batch: int = BATCH) -> torch.Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(seed))


@st.composite
def broadcastable(draw: st.DrawFn, base: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Two shapes that numpy broadcasts; sizes equal to the batch are frequent, to catch N taken for a dimension."""
    whole = draw(st.lists(st.sampled_from([1, 2, BATCH]), max_size=3))
    shapes = []
    for _ in range(2):
        kept = whole[draw(st.integers(0, len(whole))) :]
        shapes.append(tuple(1 if draw(st.booleans()) else n for n in kept) + base)
    return shapes


@pytest.mark.parametrize(
    ("op", "reference"),
    [(Add, np.add), (Sub, np.subtract), (Mul, np.multiply), (Div, np.divide), (Maximum, np.maximum)],
)
@settings(max_examples=25, deadline=None)
@given(shapes=broadcastable())
def test_broadcasts_each_sample_by_itself(
    op: type[Operator], reference: Callable[[Array, Array], Array], shapes: list[tuple[int, ...]]
) -> None:
    a, b = random(shapes[0], 0), random(shapes[1], 1)
    for made, left, right in zip(per_sample(op, {}, a, b), a.numpy(), b.numpy(), strict=True):
        np.testing.assert_allclose(made, reference(left, right), rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(shapes=broadcastable(), rows=st.integers(1, 3), columns=st.integers(1, 3), inner=st.integers(1, 3))
def test_matmul_broadcasts_each_sample_by_itself(
    shapes: list[tuple[int, ...]], rows: int, columns: int, inner: int
) -> None:
    a, b = random((*shapes[0], rows, inner), 0), random((*shapes[1], inner, columns), 1)
    for made, left, right in zip(per_sample(MatMul, {}, a, b), a.numpy(), b.numpy(), strict=True):
        np.testing.assert_allclose(made, left @ right, rtol=1e-4, atol=1e-6)


def test_matmul_takes_vectors_as_rows_and_columns() -> None:
    for left_shape, right_shape in [((4,), (4, 2)), ((2, 4), (4,)), ((4,), (3, 4, 2)), ((3, 2, 4), (4,)), ((4,), (4,))]:
        a, b = random(left_shape, 0), random(right_shape, 1)
        for made, left, right in zip(per_sample(MatMul, {}, a, b), a.numpy(), b.numpy(), strict=True):
            np.testing.assert_allclose(made, left @ right, rtol=1e-4, atol=1e-6)


def test_the_missing_dimension_stands_behind_n() -> None:
    """[N, 196, 512] + [N, 512]: the vector of each sample goes to all of its 196 rows."""
    rows, vector = random((196, 512), 0), random((512,), 1)
    (made,) = applied(Add, {}, rows, vector)
    torch.testing.assert_close(made, rows + vector[:, None])
    (made,) = applied(Add, {}, vector, rows)
    torch.testing.assert_close(made, rows + vector[:, None])


def test_mean_divides_by_the_number_of_values() -> None:
    values = [random((2, 3), seed) for seed in range(5)]
    (made,) = applied(Mean, {}, *values)
    torch.testing.assert_close(made, torch.stack(values).mean(0))


def test_a_sum_of_thousands_can_be_compiled() -> None:
    values = [torch.full((1, 2), float(i)) for i in range(3000)]
    (made,) = applied(Add, {}, *values)
    assert made.tolist() == [[2999 * 1500.0] * 2]
    text = print_expression(make(Add, {}).torch([TensorType((2,))] * 3000).result, [f"x{i}" for i in range(3000)], None)
    compile(text, "sum", "eval")


@pytest.mark.parametrize(
    ("op", "attributes", "shapes"),
    [
        (Add, {}, [(64, 8, 8), (32, 8, 8)]),
        (Mul, {}, [(4, 5), (4, 5), (4, 6)]),
        (Concat, {}, [(3, 8, 8), (3, 8, 9)]),
        (Stack, {}, [(3,), (4,)]),
        (MatMul, {}, [(4, 5), (6, 5)]),
    ],
)
def test_messages_show_both_shapes(
    op: type[Operator], attributes: dict[str, Any], shapes: list[tuple[int, ...]]
) -> None:
    with pytest.raises(OperatorError) as caught:
        infer(make(op, attributes), tuple(TensorType(shape) for shape in shapes))
    assert caught.value.code == "E0305"
    assert str(TensorType(shapes[-1])) in caught.value.message
    assert str(TensorType(shapes[0])) in caught.value.message


def test_concat_counts_dimensions_without_n() -> None:
    a, b = random((2, 3), 0), random((4, 3), 1)
    assert torch.equal(applied(Concat, {}, a, b)[0], torch.cat([a, b], dim=1))
    assert torch.equal(applied(Concat, {"dim": -1}, a, a)[0], torch.cat([a, a], dim=2))
