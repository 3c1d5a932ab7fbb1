"""The planned engine computes what the graph's module does, whatever the graph and however it is called."""

from __future__ import annotations

import threading
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.backends.torch.inference.planned import choices
from archdsl.backends.torch.inference.planned.engine import PlannedEngine
from archdsl.backends.torch.inference.recipe import Setting
from archdsl.ir.graph import Graph
from archdsl.passes.optimization import FEWEST, optimize
from tests.backends.torch.inference.networks import architecture
from tests.graphs.cells import random_cell
from tests.graphs.numeric import random_inputs
from tests.graphs.random_graphs import random_graph
from tests.passes.inference.equality import CLOSE, assert_close, module_of, outputs, random_state
from tests.passes.inference.test_random_graphs import CONVOLUTIONAL

CPU = torch.device("cpu")
# Joins within joins, joins of the same value twice, views of joins, sums into values that are read later or not.
JOINS = """
inputs: {image: [3, 17, 15]}
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
  - relu:
    name: a
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
    name: b
  - concat:
    from: [a, b]
    name: inner
  - concat:
    from: [inner, a, b, b]
    name: outer
  - max_pool2d: {kernel_size: 3, stride: 2, ceil_mode: true}
  - conv2d: {out_channels: 8, kernel_size: 1}
    name: c
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
    name: d
  - add:
    from: [c, d]
  - relu:
    name: e
  - conv2d: {out_channels: 8, kernel_size: 3, padding: [2, 0, 0, 2]}
    name: f
  - add:
    from: [e, f]
    name: g
  - mul:
    from: [g, e]
  - chunk: {chunks: 2}
    name: [left, right]
  - concat:
    from: [right, left]
  - avg_pool2d: {kernel_size: 2}
  - global_avg_pool2d
  - linear: {out_features: 5}
    name: logits
outputs: [logits, outer, g]
"""


@pytest.fixture(params=[2, 4], ids=["tiles of 2", "tiles of 4"])
def winograd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Winograd's filtering paid for every layer that it can compute."""
    monkeypatch.setattr(choices, "winograd_tile", lambda *sizes: request.param)


def check(graph: Graph, seed: int, ranges: dict[str, int] | None = None) -> None:
    """The engine against the module, twice, since a run may not depend on what the one before left behind."""
    state = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in random_state(graph, seed).items()}
    module = module_of(graph, state, torch.float32)
    engine = None
    for again in range(2):
        inputs = random_inputs(graph, ranges or {}, seed + again)
        inputs = [x.float() if x.is_floating_point() else x for x in inputs]
        engine = engine or PlannedEngine(graph, state, Setting(CPU, torch.float32, len(inputs[0]), 1))
        assert_close(outputs(module, inputs, torch.float32), list(engine(inputs)), CLOSE)


@pytest.mark.usefixtures("winograd")
@pytest.mark.parametrize("seed", range(25))
def test_random_convolutional_graphs(seed: int) -> None:
    made = random_graph(Random(seed), steps=16, only=CONVOLUTIONAL)
    check(made.graph, seed, made.integer_ranges)
    check(optimize(made.graph, FEWEST).graph, seed, made.integer_ranges)


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_of_all_operators(seed: int) -> None:
    made = random_graph(Random(3000 + seed), steps=12)
    check(made.graph, seed, made.integer_ranges)


@pytest.mark.usefixtures("winograd")
@pytest.mark.parametrize("seed", range(8))
def test_random_cells(seed: int) -> None:
    check(optimize(random_cell(Random(seed))).graph, seed)


@pytest.mark.usefixtures("winograd")
@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_a_thousand_random_graphs(block: int) -> None:
    for seed in range(20_000 + 100 * block, 20_100 + 100 * block):
        made = random_graph(Random(seed), steps=16, only=CONVOLUTIONAL if seed % 2 else ())
        check(optimize(made.graph).graph, seed, made.integer_ranges)


@pytest.mark.usefixtures("winograd")
@pytest.mark.parametrize("passes", [True, False])
def test_joins_sums_and_views(tmp_path: Path, passes: bool) -> None:
    graph = architecture(tmp_path, JOINS).graph()
    check(optimize(graph).graph if passes else graph, 0)


def test_layers_that_run_sample_by_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = optimize(architecture(tmp_path, JOINS).graph()).graph
    for count in range(len(graph.nodes) + 1):
        monkeypatch.setattr(
            "archdsl.backends.torch.inference.planned.engine.sample_by_sample", lambda *_, count=count: count
        )
        check(graph, count)


def test_results_are_the_callers_and_callers_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    graph = architecture(tmp_path, JOINS).graph()
    state = {k: v.astype(np.float32) for k, v in random_state(graph).items()}
    engine = PlannedEngine(graph, state, Setting(CPU, torch.float32, 2, 1))
    given = [torch.randn(2, 3, 17, 15) for _ in range(8)]
    expected = [list(engine([x])) for x in given]
    kept = [[y.clone() for y in each] for each in expected]
    wrong: list[int] = []

    def call(number: int) -> None:
        for _ in range(10):
            found: list[Tensor] = list(engine([given[number]]))
            if not all(torch.equal(a, b) for a, b in zip(found, kept[number], strict=True)):
                wrong.append(number)

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(given))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(
        torch.equal(a, b) for one, other in zip(expected, kept, strict=True) for a, b in zip(one, other, strict=True)
    )


def test_a_first_call_in_inference_mode_and_a_second_one_outside(tmp_path: Path) -> None:
    graph = architecture(tmp_path, JOINS).graph()
    state = {k: v.astype(np.float32) for k, v in random_state(graph).items()}
    x = torch.randn(2, 3, 17, 15)
    with torch.inference_mode():
        engine = PlannedEngine(graph, state, Setting(CPU, torch.float32, 2, 1))
        first = list(engine([x]))
    assert all(torch.equal(a, b) for a, b in zip(first, engine([x]), strict=True))


def test_auto_takes_torch_where_products_save_enough() -> None:
    def runtime(name: str, samples: int) -> str:
        from archdsl.backends.torch.inference.recipe import chosen

        return chosen(Setting(CPU, torch.float32, samples, 2), "auto", archdsl.load(name).graph()).runtime

    assert [runtime("vgg16", 1), runtime("vgg16", 8), runtime("resnet18", 8)] == ["torch"] * 3
    assert [runtime("resnet18", 1), runtime("googlenet", 1), runtime("mnasnet_b1_1_0", 8)] == ["onnxruntime"] * 3
    assert [runtime("shufflenet_v2_x1_0", 8), runtime("densenet121", 1), runtime("nasnet_mobile", 1)] == [
        "openvino"
    ] * 3
