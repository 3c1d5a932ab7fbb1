"""Slices, lists of positions, gathering and ranking, against plain Python on each sample."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.ops.base import OperatorError, infer
from archdsl.ops.families.partition import Chunk, Split
from archdsl.ops.families.ranking import TopK
from archdsl.ops.families.selection import Gather, IndexSelect, Select, Slice
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.applied import applied

ROWS = torch.arange(2 * 7 * 3, dtype=torch.float32).reshape(2, 7, 3)


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(-7, 7), stop=st.none() | st.integers(-7, 7), step=st.integers(1, 4), dim=st.sampled_from([0, -2])
)
def test_slices_are_pythons(start: int, stop: int | None, step: int, dim: int) -> None:
    attributes = {"start": start, "step": step, "dim": dim} | ({} if stop is None else {"stop": stop})
    expected = [sample[start:stop:step] for sample in ROWS]
    if not len(expected[0]):
        with pytest.raises(OperatorError) as caught:
            infer(make(Slice, attributes), (TensorType((7, 3)),))
        assert caught.value.code == "E0304"
        return
    (made,) = applied(Slice, attributes, ROWS)
    assert torch.equal(made, torch.stack(expected))


def test_select_takes_one_position_of_each_sample() -> None:
    assert torch.equal(applied(Select, {"index": 2}, ROWS)[0], ROWS[:, 2])
    assert torch.equal(applied(Select, {"index": -1, "dim": 1}, ROWS)[0], ROWS[:, :, 2])


def test_a_stored_list_keeps_its_order() -> None:
    (made,) = applied(IndexSelect, {"index": [6, 0, 0, -2]}, ROWS)
    assert torch.equal(made, torch.stack([ROWS[:, i] for i in (6, 0, 0, 5)], dim=1))


def test_gather_reads_each_samples_own_positions() -> None:
    indices = torch.tensor([[6, 0], [1, 1]])
    (made,) = applied(Gather, {}, ROWS, indices)
    assert made.tolist() == [[ROWS[n, i].tolist() for i in row] for n, row in enumerate(indices.tolist())]
    (flat,) = applied(Gather, {}, ROWS[:, :, 0], indices)
    assert flat.tolist() == [[ROWS[n, i, 0].item() for i in row] for n, row in enumerate(indices.tolist())]


@pytest.mark.parametrize("largest", [True, False])
def test_top_k_sorts_each_sample(largest: bool) -> None:
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    values, positions = applied(TopK, {"k": 3, "largest": largest}, x)
    for sample, best, where in zip(x.tolist(), values.tolist(), positions.tolist(), strict=True):
        order = sorted(range(8), key=lambda i: sample[i], reverse=largest)[:3]
        assert where == order
        assert best == [sample[i] for i in order]


def test_chunks_that_do_not_divide_are_torchs() -> None:
    for size in range(1, 12):
        x = torch.arange(2.0 * size).reshape(2, size)
        for chunks in range(1, size + 1):
            made = applied(Chunk, {"chunks": chunks}, x)
            for ours, theirs in zip(made, x.chunk(chunks, dim=1), strict=True):
                assert torch.equal(ours, theirs)


def test_split_gives_the_parts_in_order() -> None:
    first, second = applied(Split, {"sizes": [5, 2]}, ROWS)
    assert torch.equal(first, ROWS[:, :5])
    assert torch.equal(second, ROWS[:, 5:])
