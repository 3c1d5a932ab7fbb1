"""The cost of networks: figures worked out by hand, torch's own count, and what must hold for every network."""

from __future__ import annotations

import json
from random import Random

import pytest
import torch
from hypothesis import given, settings
from torch.utils.flop_counter import FlopCounterMode

from archdsl.analysis.costing import cost_report
from archdsl.analysis.liveness import peak
from archdsl.backends.torch import build_module
from archdsl.ir.graph import Graph, Scope, Value
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType
from tests.graphs.cells import Net
from tests.graphs.random_graphs import RandomGraph, graphs, random_graph
from tests.timing import within


def counted(graph: Graph, batch_size: int = 2) -> int:
    """Multiply-adds as torch counts them, on tensors without data."""
    with torch.device("meta"):
        module = build_module(graph).eval()
        inputs = [
            torch.zeros((batch_size, *value.type.shape), dtype=getattr(torch, value.type.dtype))
            for value in graph.inputs.values()
        ]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    return flops // 2


def test_a_convolution_by_hand() -> None:
    net = Net(TensorType((3, 8, 8)))
    y = net("conv2d", net.x, path="conv", out_channels=16, kernel_size=3, stride=2, padding=1)
    report = cost_report(net.out(y), batch_size=5)
    made = 16 * 4 * 4
    weights = 16 * 3 * 3 * 3 + 16
    assert report.params == weights
    assert report.buffers == 0
    assert report.mult_adds == 5 * made * 27
    assert report.flops == 5 * (2 * made * 27 + made)
    assert report.memory_access == 5 * (3 * 64 + made) + weights
    assert report.memory_access_bytes == 4 * report.memory_access
    assert report.peak_activation == 5 * (3 * 64 + made)
    assert report.peak_activation_bytes == 4 * report.peak_activation
    assert report.arithmetic_intensity == report.flops / report.memory_access_bytes
    (row,) = report.layers
    assert (row.path, row.key, row.op, row.output_shapes) == ("conv", "conv", "conv2d", ((16, 4, 4),))


def test_a_grouped_convolution_without_bias_and_a_linear_by_hand() -> None:
    net = Net(TensorType((8, 6, 6)))
    x = net("conv2d", net.x, out_channels=8, kernel_size=[1, 3], groups=4, bias=False)
    y = net("linear", net("flatten", x), out_features=10)
    report = cost_report(net.out(y))
    features = 8 * 6 * 4
    assert report.params == 8 * 2 * 3 + features * 10 + 10
    assert report.mult_adds == features * 6 + features * 10


def test_batch_norm_has_parameters_and_buffers() -> None:
    net = Net(TensorType((8, 5, 5)))
    report = cost_report(net.out(net("batch_norm2d", net.x)))
    assert (report.params, report.buffers, report.mult_adds) == (16, 17, 0)
    # The counter of training steps is a buffer, but nothing reads it.
    assert report.memory_access == 2 * 200 + 32


def test_shared_weights_count_once_and_are_read_each_time() -> None:
    net = Net()
    once = net.conv(net.x, path="shared")
    report = cost_report(net.out(net.conv(once, path="shared")))
    weights = 4 * 4 * 9 + 4
    assert report.params == weights
    assert [row.params for row in report.layers] == [weights, 0]
    assert [row.key for row in report.layers] == ["shared", "shared"]
    assert report.mult_adds == 2 * 36 * 4 * 36
    assert report.memory_access == 2 * (2 * 144 + weights)


def test_integers_take_eight_bytes() -> None:
    net = Net(TensorType((7,), "int64"))
    report = cost_report(net.out(net("embedding", net.x, num_embeddings=20, embedding_dim=3)))
    weights = 20 * 3
    activations = report.memory_access - weights
    assert report.memory_access_bytes == 4 * weights + 4 * (activations - 7) + 8 * 7
    assert report.peak_activation_bytes == 7 * 8 + 21 * 4


def test_the_tree_of_cells() -> None:
    net = Net()
    root = net.graph.root
    outer = Scope("outer", "outer", root)
    inner = Scope("inner", "outer/inner", outer)
    conv, relu = make(operators()["conv2d"], {"out_channels": 4, "kernel_size": 1}), make(operators()["relu"], {})
    x = net.graph.add(conv, [net.x], "outer/inner/conv2d", inner).outputs[0]
    x = net.graph.add(relu, [x], "outer/relu", outer).outputs[0]
    report = cost_report(net.out(net.graph.add(relu, [x], "relu").outputs[0]))
    assert [(c.cell, c.parent, c.depth, c.nodes) for c in report.cells] == [
        (root.cell, -1, 0, 3),
        ("outer", 0, 1, 2),
        ("inner", 1, 2, 1),
    ]
    assert [row.cell for row in report.layers] == [2, 1, 0]
    assert [c.params for c in report.cells] == [20, 20, 20]
    assert [c.flops for c in report.cells] == [report.flops, report.flops - 144, report.flops - 288]


def test_json_is_complete_and_in_order() -> None:
    net = Net()
    report = cost_report(net.out(net.conv(net.x, path="a/b[1]")), batch_size=2)
    data = json.loads(report.to_json())
    assert list(data)[:6] == ["schema_version", "name", "batch_size", "params", "buffers", "mult_adds"]
    assert data["schema_version"] == 1
    assert data["layers"] == [
        {
            "path": "a/b[1]",
            "key": "a.b.1",
            "op": "conv2d",
            "cell": 0,
            "output_shapes": [[4, 6, 6]],
            "params": 148,
            "mult_adds": 2 * 36 * 4 * 36,
            "flops": 2 * (2 * 36 * 4 * 36 + 144),
            "memory_access": 2 * 288 + 148,
            "memory_access_bytes": 4 * (2 * 288 + 148),
            "merged_into": "",
        }
    ]
    assert data["by_operator"]["conv2d"]["nodes"] == 1
    for name in ("params", "mult_adds", "flops", "memory_access", "peak_activation"):
        assert data[name] == getattr(report, name)


def test_batches_have_at_least_one_sample() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        cost_report(Net().out(), batch_size=0)


def test_absurd_batches_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 2\*\*40"):
        cost_report(Net().out(), batch_size=10**20)


@given(graphs(steps=12))
@settings(max_examples=40, deadline=None)
def test_figures_are_sums_and_grow_with_the_batch(drawn: RandomGraph) -> None:
    one, two, five = (cost_report(drawn.graph, n) for n in (1, 2, 5))
    assert (one.params, one.buffers) == (five.params, five.buffers)
    for name in ("mult_adds", "flops", "peak_activation", "peak_activation_bytes"):
        assert getattr(five, name) == 5 * getattr(one, name)
    for name in ("memory_access", "memory_access_bytes"):  # the weights' part stays
        assert getattr(five, name) - getattr(one, name) == 4 * (getattr(two, name) - getattr(one, name))
    assert one.flops >= 2 * one.mult_adds
    whole = one.cells[0]
    for name in ("params", "mult_adds", "flops", "memory_access"):
        total = getattr(one, name)
        assert total == sum(getattr(row, name) for row in one.layers)
        assert total == sum(getattr(row, name) for row in one.by_operator.values())
        assert total == getattr(whole, name)
        assert type(total) is int
    assert whole.nodes == len(one.layers) == len(drawn.graph.nodes)
    assert one.peak_activation == peak(drawn.graph).elements


@pytest.mark.parametrize("seed", range(12))
def test_parameters_are_those_of_the_module(seed: int) -> None:
    graph = random_graph(Random(seed), steps=14).graph
    with torch.device("meta"):
        module = build_module(graph)
    report = cost_report(graph)
    assert report.params == sum(p.numel() for p in module.parameters())
    assert report.buffers == sum(b.numel() for b in module.buffers())
    keys = {name.rpartition(".")[0] for name in module.state_dict()}
    assert {row.key for row in report.layers if row.key} == keys


@pytest.mark.parametrize("batch_size", [1, 3])
def test_multiply_adds_are_half_of_torchs_flops(batch_size: int) -> None:
    net = Net(TensorType((4, 9, 9)))
    x = net("relu", net("batch_norm2d", net("conv2d", net.x, out_channels=6, kernel_size=3, stride=2, groups=2)))
    x = net("conv2d", x, path="shared", out_channels=6, kernel_size=3, padding=[1, 2], dilation=1)
    x = net("add", x, net("conv2d", x, out_channels=6, kernel_size=[1, 3], padding=[0, 1]))
    x = net("conv_transpose2d", x, out_channels=5, kernel_size=3, stride=2)
    y = net("linear", net("global_avg_pool2d", x), out_features=7)
    z = net("matmul", x, net("permute", x, dims=[0, 2, 1]))
    graph = net.out(y, z)
    assert cost_report(graph, batch_size).mult_adds == counted(graph, batch_size)


def test_a_hundred_thousand_nodes_are_counted_in_linear_time() -> None:
    def chain(length: int) -> Graph:
        graph = Graph("chain", {"x": Value(TensorType((4, 4, 4)), "x")})
        ops = [make(operators()[name], {}) for name in ("relu", "sigmoid")]
        value, scope = graph.inputs["x"], graph.root
        for i in range(length):
            if i % 20 == 0:
                scope = Scope("cell", f"cell[{i // 20}]", graph.root)
            value = graph.add(ops[i % 2], [value], f"step[{i}]", scope).outputs[0]
        graph.outputs = {"y": value}
        return graph

    graph = chain(100_000)
    report = within(8, lambda: cost_report(graph))  # about one second where nothing else runs
    assert len(report.layers) == 100_000
    assert len(report.cells) == 5001
