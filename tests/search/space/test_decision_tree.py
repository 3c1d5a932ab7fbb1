"""The tree of decisions: sizes, and draws that are uniform over architectures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

import archdsl
from archdsl_search.space.decision_tree import DecisionTree, NoTreeError
from archdsl_search.space.spec_space import SpecSpace

Make = Callable[[str], SpecSpace]


def test_sizes(make: Make) -> None:
    assert DecisionTree(make("plain")).size == 18
    assert DecisionTree(make("conditional")).size == 156
    assert DecisionTree(make("labels")).size == 12
    required = DecisionTree(make("required"))
    assert required.size == 9
    assert 0.3 < required.valid < 0.8


@pytest.mark.parametrize("name", ["plain", "conditional", "required"])
def test_draws_are_uniform_over_architectures(make: Make, name: str) -> None:
    space = make(name)
    tree, rng = DecisionTree(space), Random(0)
    everything = [str(c.decisions) for c in space.enumerate()]
    draws = 60 * len(everything)
    counts = Counter(str(tree.sample(rng).decisions) for _ in range(draws))
    assert set(counts) == set(everything)
    # The square of the distance from 60 is chi-squared with one degree of freedom fewer than there are candidates.
    chi_squared = sum((n - 60) ** 2 / 60 for n in counts.values())
    freedom = len(everything) - 1
    assert chi_squared < freedom + 5 * (2 * freedom) ** 0.5


def test_a_decision_that_hangs_on_two_others_has_no_tree(make: Make) -> None:
    with pytest.raises(NoTreeError):
        DecisionTree(make("joint"))


def test_sizes_of_published_spaces() -> None:
    nasnet = archdsl.load_space("nasnet_space", params={"repeats": 1, "blocks": 2})
    # Each cell: inputs of 2 and 3, thirteen operations, add or concat; two kinds of cells.
    assert DecisionTree(SpecSpace(nasnet)).size == (2**2 * 3**2 * 13**4 * 2**2) ** 2
    ofa = DecisionTree(SpecSpace(archdsl.load_space("ofa")))
    assert ofa.size == 25 * (9**2 + 9**3 + 9**4) ** 5
