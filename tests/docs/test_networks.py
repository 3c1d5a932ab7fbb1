"""Networks that were written with the reference alone have the weights that their authors count."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

import archdsl

NETWORKS = Path(__file__).parent / "networks"


# Counts: torchvision's vit_b_16; the authors' log of DARTS_V2 on CIFAR-10, auxiliary head left out; the summary that
# release 6.0 prints of yolov5s.
@pytest.mark.parametrize(
    ("spec", "params"),
    [("vit_b_16.yaml", 86_567_656), ("darts.yaml@darts_v2", 3_349_342), ("yolov5s.yaml", 7_235_389)],
)
def test_a_network_has_the_weights_of_its_authors(spec: str, params: int) -> None:
    file = spec.partition("@")[0]
    assert archdsl.check(NETWORKS / file) == []
    assert archdsl.cost(archdsl.load(f"{NETWORKS}/{spec}")).params == params


def test_class_token_and_positions_are_learned() -> None:
    sizes = {"resolution": 16, "patch": 8, "width": 8, "depth": 2, "heads": 2, "num_classes": 3}
    module = archdsl.compile(archdsl.load(NETWORKS / "vit_b_16.yaml", params=sizes))
    assert module.get_parameter("class_token.weight").shape == (1, 8)
    assert module.get_parameter("positions.weight").shape == (5, 8)
    module(torch.randn(2, 3, 16, 16)).sum().backward()
    assert all(p.grad is not None for p in module.parameters())


def test_the_heads_of_the_neck_have_their_scales() -> None:
    network = archdsl.load(NETWORKS / "yolov5s.yaml", params={"width": 0.125}, inputs={"image": [3, 64, 64]})
    outputs = archdsl.compile(network, mode="inference")(torch.randn(1, 3, 64, 64))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "heads_0": (1, 255, 8, 8),
        "heads_1": (1, 255, 4, 4),
        "heads_2": (1, 255, 2, 2),
    }


def test_samples_of_the_searched_cells_are_networks() -> None:
    small = {"channels": 4, "depth": 3, "nodes": 2}
    space = archdsl.load_space(NETWORKS / "darts.yaml", params=small)
    for seed in range(3):
        decisions = space.sample(Random(seed))
        # Two cells stacked from one set of decisions: nodes with two sources each, the first of them without a choice.
        sources: dict[str, Any] = {n: label for n, label in decisions.items() if n.endswith("/source/source")}
        assert set(sources) == {"normal/node[1]/source/source", "reduction/node[1]/source/source"}
        assert all(len(set(label)) == 2 and sorted(label) == label for label in sources.values())
        module = archdsl.compile(space.resolve(decisions), mode="inference")
        assert module(torch.randn(2, 3, 32, 32)).shape == (2, 10)
