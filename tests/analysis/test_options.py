"""Merged layers and types of numbers: figures worked out by hand."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.analysis.costing import cost_report
from archdsl.analysis.options import CostOptions
from archdsl.ir.graph import Graph
from archdsl.types import TensorType
from tests.graphs.cells import Net

MERGED = CostOptions(fold_batch_norm=True, fuse=True)
MAP = 16 * 8 * 8


def conv_bn_relu(bias: bool = False) -> Graph:
    net = Net(TensorType((3, 8, 8)))
    x = net("conv2d", net.x, path="conv", out_channels=16, kernel_size=3, padding=1, bias=bias)
    return net.out(net("relu", net("batch_norm2d", x, path="norm")))


def test_nothing_is_merged_by_default() -> None:
    report = cost_report(conv_bn_relu())
    assert report.params == 16 * 27 + 32
    assert report.memory_access == (192 + MAP + 432) + (2 * MAP + 64) + 2 * MAP
    assert [row.merged_into for row in report.layers] == ["", "", ""]


def test_a_folded_batch_norm_leaves_a_bias() -> None:
    report = cost_report(conv_bn_relu(), batch_size=2, options=CostOptions(fold_batch_norm=True))
    assert (report.params, report.buffers) == (16 * 27 + 16, 0)
    assert report.mult_adds == 2 * MAP * 27
    assert report.flops == 2 * (2 * MAP * 27 + MAP + MAP)  # products, biases, relu
    assert report.memory_access == 2 * (192 + MAP) + 432 + 16 + 2 * 2 * MAP
    assert [row.merged_into for row in report.layers] == ["", "conv", ""]
    # Where there was a bias, the shift goes into it.
    with_bias = cost_report(conv_bn_relu(bias=True), options=CostOptions(fold_batch_norm=True))
    assert with_bias.params == 16 * 27 + 16


def test_fused_activations_touch_no_memory() -> None:
    report = cost_report(conv_bn_relu(), options=MERGED)
    assert report.memory_access == 192 + MAP + 432 + 16
    assert report.memory_access_bytes == 4 * report.memory_access
    assert report.peak_activation == 192 + MAP
    assert sum(row.memory_access for row in report.layers) == report.memory_access
    assert sum(row.memory_access_bytes for row in report.layers) == report.memory_access_bytes
    unfolded = cost_report(conv_bn_relu(), options=CostOptions(fuse=True))
    assert unfolded.memory_access == 192 + MAP + 432 + 64
    assert unfolded.params == 16 * 27 + 32


def test_a_fused_sum_reads_its_other_operand() -> None:
    net = Net(TensorType((16, 8, 8)))
    x = net("relu", net.x)
    y = net("conv2d", x, path="conv", out_channels=16, kernel_size=1, bias=False)
    report = cost_report(net.out(net("add", x, y)), options=MERGED)
    # relu reads and writes; the convolution reads, its weights too; the sum reads x and writes.
    assert report.memory_access == 2 * MAP + (MAP + 256) + 2 * MAP
    assert report.layers[-1].merged_into == "conv"


def test_what_others_read_stays() -> None:
    net = Net(TensorType((16, 8, 8)))
    y = net("conv2d", net.x, path="conv", out_channels=16, kernel_size=1)
    z = net("relu", y)
    graph = net.out(net("add", y, z))
    assert cost_report(graph, options=MERGED).memory_access == cost_report(graph).memory_access
    graph = conv_bn_relu()
    graph.outputs["inner"] = graph.nodes[0].outputs[0]
    assert cost_report(graph, options=MERGED).params == cost_report(graph).params


def test_shared_weights_are_not_folded() -> None:
    net = Net(TensorType((4, 6, 6)))
    x = net("batch_norm2d", net.conv(net.x, path="shared"), path="first")
    graph = net.out(net("batch_norm2d", net.conv(x, path="shared"), path="second"))
    options = CostOptions(fold_batch_norm=True)
    assert cost_report(graph, options=options).params == cost_report(graph).params


def test_types_of_numbers_change_bytes_alone() -> None:
    net = Net(TensorType((7,), "int64"))
    graph = net.out(net("embedding", net.x, num_embeddings=20, embedding_dim=3))
    for dtype, size in (("bfloat16", 2), ("float16", 2), ("int8", 1)):
        report = cost_report(graph, options=CostOptions(dtype=dtype))  # type: ignore[arg-type]
        floats = report.memory_access - 7
        assert report.memory_access_bytes == size * floats + 8 * 7
        assert report.peak_activation_bytes == 7 * 8 + 21 * size
        assert report.memory_access == cost_report(graph).memory_access


def test_resnet50_merged() -> None:
    """Every one of its 53 batch norms is folded, every relu and sum fused."""
    report = archdsl.cost(archdsl.load("resnet50"), options=MERGED)
    assert report.params == 25557032 - sum(2 * c for c in _widths()) + sum(_widths())
    assert all(row.merged_into for row in report.layers if row.op in ("batch_norm2d", "relu"))
    assert sum(bool(row.merged_into) for row in report.layers if row.op == "add") == 16
    assert report.mult_adds == 4089184256
    assert report.to_dict()["options"] == {"fold_batch_norm": True, "fuse": True, "dtype": "float32"}


def _widths() -> list[int]:
    return [row.output_shapes[0][0] for row in archdsl.cost(archdsl.load("resnet50")).layers if row.op == "conv2d"]


def test_wrong_options() -> None:
    with pytest.raises(ValueError, match="dtype is one of"):
        CostOptions(dtype="float8")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="for inference"):
        archdsl.cost(archdsl.load("lenet5"), training=True, options=MERGED)
