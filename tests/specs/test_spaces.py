"""The shipped search spaces: sizes of the papers, figures of known architectures, and samples that run."""

from __future__ import annotations

import csv
from math import prod
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

import archdsl
from archdsl.spec.library import index

# Architecture, params, mult_adds: of the NAS-Bench-201 benchmark for CIFAR-10.
ARCHITECTURES = Path(__file__).with_name("nasbench201.csv")
# The edges of the cell in the order in which an architecture's text names them.
EDGES = (
    "cell/node1/op",
    "cell/branches[0]/edge/op",
    "cell/branches[1]/edge/op",
    "cell/branches_2[0]/edge/op",
    "cell/branches_2[1]/edge/op",
    "cell/branches_2[2]/edge/op",
)
OPERATIONS = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"}

# Parameters that make each space small.
SMALL: dict[str, dict[str, Any]] = {
    "amoebanet": {"repeats": 1, "filters": 4},
    "darts": {"layers": 3, "filters": 4},
    "enas_macro": {"layers": 3, "filters": 4},
    "enas_micro": {"layers": 3, "filters": 4},
    "hierarchical": {"filters": 4},
    "mnasnet_space": {"channels": [8, 16], "depths": [1, 2], "strides": [1, 2], "stem": 8, "last": 16},
    "nasbench101": {"stacks": 2, "repeats": 1, "filters": 8},
    "nasbench201": {"repeats": 1, "width": 4},
    "nasbench_macro": {"width": 4, "last": 16},
    "nasnet_space": {"repeats": 1, "filters": 4, "blocks": 3},
    "ofa": {"widths": [16, 24], "strides": [2, 1], "excited": [True, False], "expanded": 32, "hidden": 32},
    "ofa_elastic_excite": {"widths": [16, 24], "strides": [2, 1], "excited": [True, False], "expanded": 32},
    "pnasnet": {"repeats": 1, "filters": 4},
}
INPUTS = ([1, 8, 8], [3, 32, 32])

# Candidates of spaces in which every decision is always reached, as the papers count them (by decisions).
TWO_INPUTS = (2 * 3 * 4 * 5 * 6) ** 2  # five blocks that read two of what is there
SIZES = {
    "nasbench201": 5**6,
    "nasbench_macro": 3**8,
    "nasnet_space": (TWO_INPUTS * 13**10 * 2**5) ** 2,
    "amoebanet": (TWO_INPUTS * 8**10) ** 2,
    "pnasnet": TWO_INPUTS * 8**10,  # 5.6e14, section 3.1
    "darts": (1 * 3 * 6 * 10 * 7**8) ** 2,  # about 1e18, appendix
    "enas_micro": (TWO_INPUTS * 5**10) ** 2,
    "enas_macro": 6**12 * 2**66,  # 1.6e29, section 2.3
    "hierarchical": 7**46,
}


def test_every_shipped_space_is_tested() -> None:
    assert set(SMALL) == {name for name, entry in index().items() if entry["kind"] == "space"}


def _architectures() -> list[tuple[str, int, int]]:
    with ARCHITECTURES.open(newline="", encoding="utf-8") as file:
        return [(row["arch"], int(row["params"]), int(row["mult_adds"])) for row in csv.DictReader(file)]


def _decisions(text: str) -> dict[str, str]:
    operations = [edge.split("~")[0] for edge in text.replace("+", "").split("|") if edge]
    return dict(zip(EDGES, operations, strict=True))


def test_nasbench201_has_the_benchmarks_figures() -> None:
    space = archdsl.load_space("nasbench201")
    assert set(space.decisions()) == set(EDGES)
    seen = set()
    for text, params, mult_adds in _architectures():
        decisions = _decisions(text)
        seen |= set(decisions.values())
        report = archdsl.cost(space.resolve(decisions))
        assert (report.params, report.mult_adds) == (params, mult_adds), text
    assert seen == OPERATIONS


@pytest.mark.parametrize("name", SIZES)
def test_size_is_that_of_the_paper(name: str) -> None:
    assert prod(point.outcomes for point in archdsl.load_space(name).decisions().values()) == SIZES[name]


def _count(space: archdsl.Space, given: dict[str, Any]) -> int:
    """How many candidates follow what is given: every outcome of the first open decision in turn."""
    point = next((p for name, p in space.decisions(given).items() if name not in given), None)
    if point is None:
        return 1
    return sum(_count(space, {**given, point.id: point.outcome(i)}) for i in range(point.outcomes))


def test_conditional_decisions_are_counted_where_they_are_reached() -> None:
    one_block = {"channels": [16], "depths": [1], "strides": [1]}
    space = archdsl.load_space("mnasnet_space", one_block, inputs={"image": [3, 8, 8]})
    # Filters, layers, kernel, ratio, skip; of the four operations the inverted residual has two expansions.
    assert _count(space, {}) == 3 * 2 * 2 * 2 * 3 * 4

    one_stage = {"widths": [16], "strides": [1], "excited": [False], "depths": [1, 2], "resolution": 8}
    assert _count(archdsl.load_space("ofa", one_stage), {}) == 9 + 9**2


@pytest.mark.parametrize("shape", INPUTS, ids=["digits", "cifar"])
@pytest.mark.parametrize("name", SMALL)
def test_samples_take_a_step(name: str, shape: list[int]) -> None:
    space = archdsl.load_space(name, SMALL[name], inputs={"image": shape})
    rng = Random(name)
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        module = archdsl.compile(space.resolve(space.sample(rng))).train()
        logits = module(torch.randn(3, *shape, generator=generator))
        assert logits.shape[0] == 3
        assert torch.isfinite(logits).all()
        logits.square().sum().backward()
        grads = [weight.grad for weight in module.parameters() if weight.grad is not None]
        assert any(grad.abs().sum() > 0 for grad in grads)


@pytest.mark.parametrize("name", SMALL)
def test_samples_of_the_whole_space_are_architectures(name: str) -> None:
    space = archdsl.load_space(name)
    architecture = space.resolve(space.sample(Random(name)))
    assert archdsl.cost(architecture).params > 0


def test_samples_differ_and_repeat() -> None:
    space = archdsl.load_space("nasnet_space")
    assert space.sample(Random(1)) == space.sample(Random(1)) != space.sample(Random(2))


# NAS-Bench-101

# The cell of the benchmark's own example, and the parameters that its record states.
INCEPTION_LIKE = [(0, 1), (0, 2), (0, 3), (0, 5), (1, 6), (2, 6), (3, 4), (4, 6), (5, 6)]
LABELS = ["conv1x1_bn_relu", "conv3x3_bn_relu", "conv3x3_bn_relu", "conv3x3_bn_relu", "maxpool3x3"]


def _cell(edges: list[tuple[int, int]], operations: dict[int, str]) -> dict[str, Any]:
    matrix = {f"e{i}{j}": int((i, j) in edges) for j in range(1, 7) for i in range(j)}
    return {**matrix, **{f"cell/vertex[{v - 1}]/vertex_output/op": op for v, op in operations.items()}}


def test_nasbench101_has_the_benchmarks_figure() -> None:
    space = archdsl.load_space("nasbench101")
    architecture = space.resolve(_cell(INCEPTION_LIKE, dict(enumerate(LABELS, start=1))))
    assert archdsl.cost(architecture).params == 2_694_282


def test_nasbench101_vertices_on_no_way_to_the_output_have_no_operation() -> None:
    space = archdsl.load_space("nasbench101", SMALL["nasbench101"])
    chain = [(0, 1), (1, 6)]
    architecture = space.resolve(_cell([*chain, (0, 2), (3, 4)], {1: "maxpool3x3"}))
    assert architecture.hash == space.resolve(_cell(chain, {1: "maxpool3x3"})).hash
    with pytest.raises(archdsl.ArchdslError, match="E0602"):
        space.resolve(_cell([*chain, (0, 2)], {1: "maxpool3x3", 2: "maxpool3x3"}))


def test_nasbench101_has_at_most_nine_edges_and_a_way_to_the_output() -> None:
    space = archdsl.load_space("nasbench101", SMALL["nasbench101"])
    full = [(i, j) for j in range(1, 7) for i in range(j)]
    for edges, operations in ((full, dict(enumerate(LABELS, start=1))), ([(0, 1)], {})):
        with pytest.raises(archdsl.ArchdslError, match="E0407"):
            space.resolve(_cell(edges, operations))
