"""Fronts and crowding against their definitions."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from archdsl_search.pareto import crowding, dominates, first_front, fronts

points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), max_size=30)


@given(points)
def test_fronts_are_what_remains_undominated(found):
    remaining = list(range(len(found)))
    for front in fronts(found):
        expected = [i for i in remaining if not any(dominates(found[j], found[i]) for j in remaining)]
        assert front == expected
        remaining = [i for i in remaining if i not in front]
    assert not remaining


pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


@given(points | pairs)
def test_the_first_front_alone_is_the_same(found):
    assert first_front(found) == (fronts(found)[0] if found else [])


def test_dominance_by_hand():
    assert dominates((1, 2), (1, 1))
    assert not dominates((1, 1), (1, 1))
    assert not dominates((2, 0), (1, 1))


def test_crowding_by_hand():
    assert crowding([(0, 4), (1, 3), (4, 0), (2, 2)]) == [inf, 2 / 4 + 2 / 4, inf, 3 / 4 + 3 / 4]
    assert crowding([]) == []
    assert crowding([(1, 1)]) == [inf]
    assert crowding([(1, 1), (1, 1), (1, 1)])[1] == 0.0
