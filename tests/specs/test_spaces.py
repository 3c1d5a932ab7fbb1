"""The shipped search spaces: figures of known architectures, and samples that run."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

import pytest
import torch

import archdsl

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


@pytest.mark.parametrize(("name", "all_read"), [("nasbench201", False), ("nasnet_space", False), ("ofa", True)])
def test_samples_are_architectures_that_run(name: str, all_read: bool) -> None:
    space = archdsl.load_space(name)
    rng = Random(name)
    for _ in range(2):
        architecture = space.resolve(space.sample(rng))
        module = archdsl.compile(architecture).train()
        (shape,) = (value.type.shape for value in architecture.graph().inputs.values())
        logits = module(torch.randn(2, *shape, generator=torch.Generator().manual_seed(0)))
        assert torch.isfinite(logits).all()
        logits.sum().backward()
        grads = [weight.grad for weight in module.parameters()]
        assert all(grad is not None for grad in grads) or not all_read
        assert any(grad is not None and grad.abs().sum() > 0 for grad in grads)


def test_samples_differ_and_repeat() -> None:
    space = archdsl.load_space("nasnet_space")
    assert space.sample(Random(1)) == space.sample(Random(1)) != space.sample(Random(2))
