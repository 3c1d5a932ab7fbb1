"""Steps know how much memory is in use while they run."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.analysis.figures import figures_of
from archdsl.analysis.latency.steps import steps_of
from archdsl.analysis.liveness import peak_activation


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "densenet40_12_cifar", "shufflenet_v2_x0_5", "nasnet_mobile"])
def test_the_most_that_lives_is_the_peak(name: str) -> None:
    graph = archdsl.load(name).graph()
    steps = steps_of(graph)
    assert len(steps) == len(graph.nodes)
    assert max(step.live for step in steps) == peak_activation(graph)


def test_what_a_step_reads_and_makes_lives_while_it_runs() -> None:
    graph = archdsl.load("resnet18").graph()
    for node, step in zip(graph.nodes, steps_of(graph), strict=True):
        known = figures_of(node.op, node.operand_types)
        distinct = {value: value.type for value in node.operands}
        read = sum(figures_of(n.op, n.operand_types).made for n in graph.nodes if set(n.outputs) & set(distinct))
        assert step.live >= known.made + read
