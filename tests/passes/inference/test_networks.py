"""Every network of the library: optimized equals unoptimized, and trained weights go there and back."""

from __future__ import annotations

from random import Random

import pytest

import archdsl
from archdsl.passes.optimization import EVERY, FEWEST, optimize
from tests.passes.inference.equality import assert_equal_networks
from tests.passes.inference.zoo import entries, one_of_each_file, small

FEW = [name for name in one_of_each_file(most_params=4_000_000) if name != "tiramisu56"]


@pytest.mark.parametrize("name", FEW)
def test_small_networks(name: str) -> None:
    made = assert_equal_networks(small(name), single=True)
    assert len(made.graph.nodes) <= len(small(name).nodes)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(entries()) - set(FEW)))
def test_all_networks(name: str) -> None:
    assert_equal_networks(small(name), single=True)


@pytest.mark.parametrize("space", ["nasnet_space", "darts"])
@pytest.mark.parametrize("seed", range(2))
def test_drawn_networks(space: str, seed: int) -> None:
    found = archdsl.load_space(space)
    assert_equal_networks(found.resolve(found.sample(Random(seed))).graph(), single=True)


# Nodes of the optimized graph, and what of it must be gone.
@pytest.mark.parametrize(
    ("name", "most", "gone"),
    [
        ("resnet50", 60, {"batch_norm2d", "relu", "add", "fused_affine"}),
        ("shufflenet_v2_x1_0", 95, {"channel_shuffle", "chunk"}),
        ("mobilenet_v2", 60, {"relu6", "add", "dropout"}),
        ("squeezenet1_1", 45, {"relu", "dropout"}),
        ("googlenet", 85, {"batch_norm2d", "relu"}),
        ("inception_v3", 128, {"batch_norm2d", "relu", "avg_pool2d"}),
        ("densenet121", 250, {"relu", "batch_norm2d"}),
        ("nasnet_mobile", 525, {"batch_norm2d", "dropout"}),
    ],
)
def test_what_is_left_of_known_networks(name: str, most: int, gone: set[str]) -> None:
    made = optimize(archdsl.load(name).graph(), EVERY)
    assert len(made.graph.nodes) <= most
    assert gone.isdisjoint(node.op.name for node in made.graph.nodes)
    assert not optimize(made.graph).records


def test_fewest_operators_of_a_branchy_network() -> None:
    graph = archdsl.load("googlenet").graph()
    merged = assert_equal_networks(small("googlenet"), FEWEST)
    assert len(merged.graph.nodes) < len(optimize(graph).graph.nodes)
    assert sum(node.op.name == "split" for node in merged.graph.nodes) == 9


def test_a_dense_transition_takes_a_quarter() -> None:
    from archdsl.analysis.costing import cost_report

    graph = archdsl.load("densenet121").graph()
    before, after = cost_report(graph), cost_report(optimize(graph).graph)
    assert after.mult_adds < 0.93 * before.mult_adds
