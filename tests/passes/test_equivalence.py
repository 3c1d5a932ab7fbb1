"""Simplified graphs and graphs that went through text give the same outputs as before, on the same weights."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.ir.text import parse_graph, print_graph
from archdsl.passes.base import Pass
from archdsl.passes.pipeline import SIMPLIFICATION, simplify
from tests.graphs.cells import random_cell
from tests.graphs.numeric import assert_same_outputs
from tests.graphs.random_graphs import RandomGraph, graphs

RUNS = settings(max_examples=40, deadline=None)


@RUNS
@given(graphs())
def test_simplified_random_graphs(made: RandomGraph) -> None:
    result = simplify(made.graph)
    assert_same_outputs(made.graph, result.graph, made.integer_ranges)
    assert not simplify(result.graph).changed


@pytest.mark.parametrize("each", SIMPLIFICATION, ids=lambda each: each.name)
@RUNS
@given(rng=st.randoms(use_true_random=False))
def test_each_pass_on_random_cells(each: Pass, rng: Random) -> None:
    graph = random_cell(rng)
    result = each.run(graph)
    assert_same_outputs(graph, result.graph)
    assert not each.run(result.graph).changed


@RUNS
@given(st.randoms(use_true_random=False))
def test_simplified_random_cells(rng: Random) -> None:
    graph = random_cell(rng)
    assert_same_outputs(graph, simplify(graph).graph)


@RUNS
@given(graphs())
def test_graphs_from_text(made: RandomGraph) -> None:
    assert_same_outputs(made.graph, parse_graph(print_graph(made.graph)), made.integer_ranges)
