"""The whole pipeline on random valid graphs and random cells."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.passes.optimization import EVERY, FEWEST
from tests.graphs.cells import random_cell
from tests.graphs.random_graphs import random_graph
from tests.passes.inference.equality import assert_equal_networks

CONVOLUTIONAL = (
    "conv2d", "batch_norm2d", "relu", "add", "concat", "avg_pool2d", "max_pool2d", "chunk", "channel_shuffle",
    "identity", "dropout", "global_avg_pool2d", "linear", "flatten", "pad", "scale", "add_bias",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_of_all_operators(seed: int) -> None:
    made = random_graph(Random(seed), steps=12)
    assert_equal_networks(made.graph, EVERY, made.integer_ranges, seed=seed, invertible=False)


@pytest.mark.parametrize("seed", range(100))
def test_random_convolutional_graphs(seed: int) -> None:
    made = random_graph(Random(1000 + seed), steps=16, only=CONVOLUTIONAL)
    assert_equal_networks(made.graph, EVERY, made.integer_ranges, seed=seed, invertible=False)


@pytest.mark.parametrize("seed", range(40))
def test_fewest_operators(seed: int) -> None:
    made = random_graph(Random(2000 + seed), steps=16, only=CONVOLUTIONAL)
    assert_equal_networks(made.graph, FEWEST, made.integer_ranges, seed=seed, invertible=False)


@pytest.mark.parametrize("seed", range(40))
def test_random_cells(seed: int) -> None:
    assert_equal_networks(random_cell(Random(seed)), seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_a_thousand_random_graphs(block: int) -> None:
    for seed in range(10_000 + 50 * block, 10_050 + 50 * block):
        only = CONVOLUTIONAL if seed % 2 else ()
        made = random_graph(Random(seed), steps=16, only=only)
        assert_equal_networks(made.graph, EVERY, made.integer_ranges, single=True, seed=seed, invertible=False)
