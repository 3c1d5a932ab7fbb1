"""Where the batch stands, followed through permutations and reshapes of arrays."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.importing.batch_layout import Layout
from archdsl.importing.program import SYMBOLIC_BATCH

BATCH = 7  # no other size here is a multiple of it


def ours(array: np.ndarray, layout: Layout) -> np.ndarray:
    """The array with the batch in front, by the definition of a layout."""
    place, shape = layout.place, array.shape
    apart = array.reshape(*shape[:place], layout.outer, BATCH, layout.inner, *shape[place + 1 :])
    return np.moveaxis(apart, place + 1, 0).reshape(layout.ours(shape, BATCH))


@st.composite
def joined(draw: st.DrawFn) -> tuple[np.ndarray, Layout]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    outer, inner = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    place = draw(st.integers(0, len(sizes) - 1))
    sizes[place] = outer * BATCH * inner
    return np.arange(prod(sizes)).reshape(sizes), Layout(place, outer, inner)


@given(joined(), st.data())
def test_permutations(case: tuple[np.ndarray, Layout], data: st.DataObject) -> None:
    array, layout = case
    order = data.draw(st.permutations(range(array.ndim)))
    numbers, after = layout.permuted(order)
    np.testing.assert_array_equal(ours(array.transpose(order), after), ours(array, layout).transpose(numbers))


@given(joined(), st.data())
def test_reshapes(case: tuple[np.ndarray, Layout], data: st.DataObject) -> None:
    array, layout = case
    shape = _cut(data, array.size)
    after = layout.reshaped(array.shape, shape, BATCH)
    if after is not None:
        expected = ours(array.reshape(shape), after)
        np.testing.assert_array_equal(expected, ours(array, layout).reshape(expected.shape))
    elif shape == array.shape:
        raise AssertionError("the same shape has the same layout")


def _cut(data: st.DataObject, size: int) -> tuple[int, ...]:
    """Some sizes with this product."""
    found = []
    while size > 1:
        part = data.draw(st.sampled_from([d for d in range(2, size + 1) if size % d == 0]))
        found.append(part)
        size //= part
    return tuple(found) or (1,)


def test_a_batch_that_is_torn_apart_has_no_layout() -> None:
    assert Layout().reshaped((BATCH, 4), (2, BATCH, 2), BATCH) is None
    assert Layout(1).reshaped((6, SYMBOLIC_BATCH), (4, SYMBOLIC_BATCH * 6 // 4), SYMBOLIC_BATCH) is None


def test_one_sample_alone_or_with_what_follows_but_not_in_the_last_dimension() -> None:
    assert Layout(1).reshaped((17, 1, 32), (17, 4, 8), 1) == Layout(1, 1, 4)  # heads
    assert Layout(1).reshaped((17, 1, 4, 8), (17, 32), 1) == Layout(0, 17, 1)  # rows of a matrix
    assert Layout().reshaped((1, 3, 8, 8), (1, 192), 1) == Layout()


def test_numbers_of_dimensions() -> None:
    layout = Layout(1, 2, 3)
    assert layout.ours((5, 2 * BATCH * 3, 4), BATCH) == (BATCH, 5, 2, 3, 4)
    assert [layout.axis(number, 3) for number in (0, 2, -1)] == [1, 4, 4]
    assert layout.without(0) == Layout(0, 2, 3)
    with pytest.raises(ValueError, match="batch"):
        layout.axis(1, 3)
