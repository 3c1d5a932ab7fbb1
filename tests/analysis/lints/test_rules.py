"""Numbers of the lints, by hand, and what they leave alone."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.analysis.lints.bias_before_norm import BiasBeforeNorm
from archdsl.analysis.lints.blocks import blocks
from archdsl.analysis.lints.channel_balance import ChannelBalance, excess
from archdsl.analysis.lints.checkerboard import Checkerboard
from archdsl.analysis.lints.classifier_parameters import ClassifierParameters
from archdsl.analysis.lints.dead_steps import DeadSteps
from archdsl.analysis.lints.fragmentation import Fragmentation
from archdsl.analysis.lints.group_price import GroupPrice, price
from archdsl.analysis.lints.large_kernel import LargeKernel
from archdsl.analysis.lints.narrow_nonlinearity import NarrowNonlinearity
from archdsl.analysis.lints.receptive_field import ReceptiveField, fields
from archdsl.analysis.lints.representational_bottleneck import RepresentationalBottleneck, passages
from archdsl.analysis.lints.unused_values import UnusedValues
from archdsl.ir.hierarchy import fold
from archdsl.ops.families.convolution import Conv2d
from archdsl.types import TensorType
from tests.analysis.lints.looking import cost_of_text, net, raw
from tests.graphs.cells import Net


def convolution(c1: int, c2: int, side: int, **attributes: object) -> tuple[object, Conv2d]:
    g = Net(TensorType((c1, side, side)))
    node = g.node("conv2d", g.x, out_channels=c2, bias=False, **attributes)
    assert isinstance(node.op, Conv2d)
    return node, node.op


# G1


@given(st.integers(1, 64), st.integers(1, 64), st.integers(4, 40), st.sampled_from([1, 3, 5]), st.integers(1, 2))
def test_memory_access_is_at_least_the_bound(c1: int, c2: int, side: int, kernel: int, stride: int) -> None:
    node, op = convolution(c1, c2, side, kernel_size=kernel, stride=stride, padding="half")
    assert excess(node, op) >= 1 - 1e-12


@pytest.mark.parametrize(("c1", "c2"), [(128, 128), (90, 180), (52, 312), (36, 432)])
def test_bound_is_the_papers(c1: int, c2: int) -> None:
    node, op = convolution(c1, c2, 56, kernel_size=1)
    area, b = 56 * 56, 56 * 56 * c1 * c2
    assert excess(node, op) == pytest.approx((area * (c1 + c2) + c1 * c2) / (2 * sqrt(area * b) + b / area))
    assert (excess(node, op) == pytest.approx(1)) == (c1 == c2)


def test_predicted_memory_access_is_that_of_the_edited_network(tmp_path: Path) -> None:
    def written(first: int, second: int) -> str:
        relu = "relu"
        return net(f"conv2d: {{out_channels: {first}, kernel_size: 3, padding: 1}}", relu,
                   f"conv2d: {{out_channels: {second}, kernel_size: 1}}", relu,
                   "global_avg_pool2d", "linear: {out_features: 5}")  # fmt: skip

    found = raw(tmp_path, written(16, 256), ChannelBalance())
    (finding,) = [f for f in found if f.node is not None and f.node.operands[0].type.shape[0] == 16]
    assert finding.edit == "64 channels in and 64 out"
    layer = cost_of_text(tmp_path, written(64, 64)).layers[2]
    assert finding.gain is not None
    assert finding.gain.after == layer.memory_access
    assert finding.gain.before == cost_of_text(tmp_path, written(16, 256)).layers[2].memory_access


def test_widths_that_are_given_are_left_alone(tmp_path: Path) -> None:
    first = net("conv2d: {out_channels: 64, kernel_size: 3}", "relu", image=(1, 56, 56))
    last = net("conv2d: {out_channels: 2, kernel_size: 1}", "global_avg_pool2d", "softmax")
    for text in (first, last):
        assert raw(tmp_path, text, ChannelBalance()) == []


# G2


@given(st.integers(1, 6), st.integers(8, 40))
def test_price_of_groups_lies_between_one_and_the_root(power: int, side: int) -> None:
    groups = 2**power
    node, op = convolution(groups * 4, groups * 4, side, kernel_size=3, groups=groups)
    assert 1 < price(node, op) < sqrt(groups)


def test_price_compares_the_networks_of_table_2() -> None:
    node, op = convolution(360, 360, 56, kernel_size=1, groups=8)
    maps, weights = 2 * 360 * 56 * 56, 360 * 360 // 8
    assert price(node, op) == pytest.approx((maps + weights) / (maps / sqrt(8) + weights))


def test_depthwise_convolutions_have_no_price_unless_asked(tmp_path: Path) -> None:
    text = net("conv2d: {out_channels: 64, kernel_size: 3, groups: 64}", "relu")
    assert raw(tmp_path, text, GroupPrice()) == []
    assert raw(tmp_path, text, GroupPrice(depthwise=True))


# G3


@pytest.mark.parametrize(
    ("name", "fragments", "serial"),
    [("googlenet", 7, 2), ("resnet50", 3, 3), ("shufflenet_v2_x1_0", 5, 3), ("squeezenet1_1", 2, 1)],
)
def test_fragments_of_known_blocks(name: str, fragments: int, serial: int) -> None:
    found = [block.levels() for block in blocks(fold(archdsl.load(name).graph()))]
    assert (fragments, serial) in {(len(levels), max(levels.values(), default=0)) for levels in found}


def test_cells_of_nasnet_are_its_blocks() -> None:
    found = list(blocks(fold(archdsl.load("nasnet_mobile").graph())))
    cells = [block for block in found if len(block.fragments) > 20]
    assert len(cells) == 16  # 12 normal cells, 2 reductions, 2 in the stem
    assert all(block.merge.op.name == "concat" for block in cells)
    # What is left are the factorized reductions that fit the cell before the last.
    assert {len(block.fragments) for block in found if block not in cells} == {4}


def test_rows_are_no_fragmentation(tmp_path: Path) -> None:
    conv = "conv2d: {out_channels: 64, kernel_size: 3, padding: 1}"
    text = net(f"{conv}\n    name: first", *[conv] * 8, f"{conv}\n    name: last", "add:\n    from: [first, last]")
    assert raw(tmp_path, text, Fragmentation()) == []
    assert raw(tmp_path, text, Fragmentation(parallelism=1))


# Design


def test_passages_are_the_values_with_nothing_beside_them() -> None:
    g = Net(TensorType((4, 8, 8)))
    a = g.conv(g.x)
    b = g("relu", a)
    c = g("add", a, b)
    g.out(c)
    assert list(passages(g.graph)) == [g.x, a, c]


def test_bottlenecks_are_measured_against_the_narrowest_so_far(tmp_path: Path) -> None:
    wide_again = net(
        "conv2d: {out_channels: 4, kernel_size: 1}", "conv2d: {out_channels: 64, kernel_size: 1}",
        "conv2d: {out_channels: 4, kernel_size: 1}", "relu", "conv2d: {out_channels: 64, kernel_size: 1}", "scale",
    )  # fmt: skip
    found = raw(tmp_path, wide_again, RepresentationalBottleneck())
    assert [finding.number for finding in found] == [16]


@pytest.mark.parametrize(("kernel", "stride"), [(5, 1), (7, 1), (5, 2)])
@pytest.mark.parametrize("padding", ["0", "1", "half", "same", "[0, 1, 2, 3]"])
def test_large_kernels_are_replaced_at_the_same_size(kernel: int, stride: int, padding: str, tmp_path: Path) -> None:
    conv = f"conv2d: {{out_channels: 64, kernel_size: {kernel}, stride: {stride}, padding: {padding}}}"
    (finding,) = raw(tmp_path, net(conv, "relu"), LargeKernel())
    assert finding.gain is not None
    if stride == 1 and padding == "half":  # 9 (k - 1) / 2 against k * k
        assert finding.number >= 1 - 9 * (kernel - 1) / 2 / kernel**2 - 1e-9


def test_pairs_are_for_maps_of_medium_size(tmp_path: Path) -> None:
    conv = "conv2d: {out_channels: 64, kernel_size: 7, padding: 3}"
    for side, expected in ((35, False), (17, True), (8, False)):
        (finding,) = raw(tmp_path, net(conv, "relu", image=(64, side, side)), LargeKernel())
        assert ("1x7" in finding.edit) == expected
    assert finding.number == pytest.approx(1 - 27 / 49)


def test_first_layers_keep_their_window(tmp_path: Path) -> None:
    stem = "conv2d: {out_channels: 64, kernel_size: 7, stride: 2, padding: 3}"
    assert raw(tmp_path, net(stem, "relu", image=(3, 64, 64)), LargeKernel()) == []


def test_averaged_maps_need_no_advice(tmp_path: Path) -> None:
    assert raw(tmp_path, net("global_avg_pool2d", "linear: {out_features: 999}"), ClassifierParameters()) == []


def test_a_bias_that_others_read_is_kept(tmp_path: Path) -> None:
    conv = "conv2d: {out_channels: 4, kernel_size: 1}\n    name: y"
    text = net(conv, "batch_norm2d:\n    name: z", "add:\n    from: [y, z]")
    assert raw(tmp_path, text, BiasBeforeNorm()) == []


def test_squeeze_and_excitation_is_no_narrow_bottleneck(tmp_path: Path) -> None:
    gate = ["adaptive_avg_pool2d: {output_size: 1}", "conv2d: {out_channels: 4, kernel_size: 1}", "relu"]
    assert raw(tmp_path, net(*gate, "conv2d: {out_channels: 64, kernel_size: 1}"), NarrowNonlinearity()) == []


def test_even_overlaps_are_silent(tmp_path: Path) -> None:
    assert raw(tmp_path, net("conv_transpose2d: {out_channels: 8, kernel_size: 3, stride: 1}"), Checkerboard()) == []


def test_receptive_fields_are_those_of_the_papers() -> None:
    # AlexNet and VGG-16 as Araujo et al. say. ResNet-50 by hand, with the stride in the 3x3 convolutions:
    # 7 + 2 * 2 + 3 * 2 * 4, then 8 + 3 * 16, 16 + 5 * 32, 32 + 2 * 64 for the three stages that reduce.
    for name, expected in (("alexnet", 195), ("vgg16", 212), ("resnet50", 427)):
        assert max(min(field.size) for field in fields(archdsl.load(name).graph()).values()) == expected


def test_gates_do_not_hide_the_receptive_field(tmp_path: Path) -> None:
    text = """\
archdsl: 1
inputs: {image: [8, 64, 64]}
graph:
  - conv2d: {out_channels: 8, kernel_size: 3}
    name: y
  - adaptive_avg_pool2d: {output_size: 1}
    name: gate
  - mul:
    from: [y, gate]
"""
    (finding,) = raw(tmp_path, text, ReceptiveField(object_size=64))
    assert finding.number == pytest.approx(64 / 3)


def test_a_step_that_one_call_needs_is_not_dead(tmp_path: Path) -> None:
    cell = """\
archdsl: 1
inputs: {image: [4, 8, 8]}
cells:
  both:
    graph:
      - relu:
        name: one
      - tanh:
        name: two
    outputs: [one, two]
graph:
  - both:
    name: [a, b]
  - both:
    from: %s
    name: [c, d]
outputs: [%s]
"""
    assert raw(tmp_path, cell % ("b", "c"), DeadSteps()) == []
    assert [f.node.op.name for f in raw(tmp_path, cell % ("a", "c"), DeadSteps()) if f.node] == ["tanh", "tanh"]


def test_unread_inputs_point_at_their_name(tmp_path: Path) -> None:
    text = "archdsl: 1\ninputs: {a: [4, 8, 8], b: [4, 8, 8]}\ngraph:\n  - relu:\n    from: a\n"
    (finding,) = raw(tmp_path, text, UnusedValues())
    assert finding.input == "b"
