"""What is moved, fused or taken out, weights untouched."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import Value
from archdsl.ir.text import parse_graph, print_graph
from archdsl.ops.registry import every_operator, operators
from archdsl.passes.inference.activation_motion import ActivationMotion
from archdsl.passes.inference.channel_order import ChannelOrder
from archdsl.passes.inference.common_subexpressions import CommonSubexpressions
from archdsl.passes.inference.constants import ConstantFolding
from archdsl.passes.inference.fusion import ActivationFusion, ResidualFusion
from archdsl.passes.inference.noise import Noise
from archdsl.passes.inference.padding_merge import PaddingMerge
from archdsl.passes.inference.pooling_order import PoolingOrder
from archdsl.passes.inference.shifted_windows import ShiftedWindows
from archdsl.passes.inference.strided_pooling import StridedPooling
from archdsl.passes.inference.views import Views
from archdsl.passes.optimization import EVERY, optimize, pipeline
from archdsl.types import TensorType
from tests.graphs.cells import Net
from tests.passes.inference.nets import operators_after

WIDE = TensorType((16, 8, 8))


def test_noise_goes() -> None:
    net = Net()
    y = net("drop_path_mean", net("dropout", net.x), net("drop_path", net.x, p=0.2), p=0.1)
    assert operators_after(net.out(y), Noise()) == {"mean": 1}


def test_equal_steps_are_one() -> None:
    net = Net()
    one, other = net("relu", net.x), net("relu", net.x)
    y = net("add", net("add", one, net.x), net("add", net.x, other))
    assert operators_after(net.out(y), CommonSubexpressions()) == {"relu": 1, "add": 2}


def test_equal_layers_with_their_own_weights_are_two() -> None:
    net = Net()
    assert operators_after(net.out(net.conv(net.x), net.conv(net.x)), CommonSubexpressions()) == {"conv2d": 2}
    net = Net()
    shared = net.conv(net.x, path="a"), net.conv(net.x, path="a")
    assert operators_after(net.out(*shared), CommonSubexpressions()) == {"conv2d": 1}


def test_constants_are_computed() -> None:
    net = Net()
    half = net("constant", net.x, value=0.5)
    vector = net("constant", net.x, value=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    y = net("add", net.x, net("mul", net("add", half, half), vector))
    assert operators_after(net.out(y), ConstantFolding()) == {"constant": 1, "add": 1}


@pytest.mark.parametrize("name", ["relu", "relu6", "hardswish", "sigmoid", "gelu", "leaky_relu", "elu"])
def test_activations_become_part_of_layers(name: str) -> None:
    net = Net()
    flat = net("flatten", net(name, net.conv(net.x)))
    y = net(name, net("linear", flat, out_features=3))
    found = operators_after(net.out(y), ActivationFusion())
    assert found == {"fused_conv2d": 1, "flatten": 1, "fused_linear": 1}


def test_activations_that_a_runtime_cannot_fuse_stay() -> None:
    net = Net()
    y = net("gelu", net.conv(net("relu", net.conv(net.x))))
    fusion = ActivationFusion(activations=frozenset({"relu"}))
    assert operators_after(net.out(y), fusion) == {"fused_conv2d": 1, "conv2d": 1, "gelu": 1}


def test_shared_layers_are_fused_alike_or_not_at_all() -> None:
    net = Net()
    bare = net.conv(net("relu", net.conv(net.x, path="a")), path="a")
    assert operators_after(net.out(bare), ActivationFusion()) == {"conv2d": 2, "relu": 1}
    net = Net()
    both = net("relu", net.conv(net("relu", net.conv(net.x, path="a")), path="a"))
    assert operators_after(net.out(both), ActivationFusion()) == {"fused_conv2d": 2}


def test_sums_become_part_of_the_last_convolution() -> None:
    net = Net()
    first = net.conv(net.x)
    y = net("relu", net("add", net.conv(first), first, net.x))
    found = operators_after(net.out(y), ResidualFusion(), ActivationFusion())
    assert found == {"conv2d": 1, "add": 1, "fused_conv2d": 1}


def test_outputs_that_are_read_inside_stay() -> None:
    net = Net()
    inner = net.conv(net.x)
    found = operators_after(net.out(inner, net("relu", inner)), ResidualFusion(), ActivationFusion())
    assert found == {"conv2d": 1, "relu": 1}


def test_rectifiers_of_what_is_never_negative_go() -> None:
    net = Net()
    x = net("concat", net("relu", net.x), net("sigmoid", net.x))
    y = net("relu", net("max_pool2d", x, kernel_size=2))
    found = operators_after(net.out(net("relu", net("sigmoid", y))), ActivationMotion())
    assert found == {"relu": 1, "sigmoid": 2, "concat": 1, "max_pool2d": 1}


def test_rectifiers_move_to_layers_through_joins_and_pooling() -> None:
    net = Net()
    joined = net("concat", net.conv(net.x), net("add", net.conv(net.x), net.x))
    y = net("relu", net("max_pool2d", joined, kernel_size=2))
    found = operators_after(net.out(y), ActivationMotion(), ResidualFusion(), ActivationFusion())
    assert found == {"fused_conv2d": 2, "concat": 1, "max_pool2d": 1}


def test_rectifiers_move_behind_pooling_where_no_layer_makes_them() -> None:
    net = Net()
    graph = net.out(net("max_pool2d", net("relu", net("add", net.x, net("sigmoid", net.x))), kernel_size=2))
    made = optimize(graph, [(ActivationMotion(),)])
    assert [node.op.name for node in made.graph.nodes][-2:] == ["max_pool2d", "relu"]
    operators_after(graph, ActivationMotion())


def test_a_transition_pools_first() -> None:
    net = Net(WIDE)
    graph = net.out(net("avg_pool2d", net("conv2d", net.x, out_channels=8, kernel_size=1), kernel_size=2))
    operators_after(graph, PoolingOrder())
    made = optimize(graph, [(PoolingOrder(),)])
    assert [node.op.name for node in made.graph.nodes] == ["avg_pool2d", "conv2d"]


@pytest.mark.parametrize("count", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_a_pooling_branch_pools_few_channels(count: bool, bias: bool) -> None:
    net = Net(WIDE)
    pooled = net("avg_pool2d", net.x, kernel_size=3, stride=1, padding=1, count_include_pad=count)
    graph = net.out(net("conv2d", pooled, out_channels=4, kernel_size=1, bias=bias))
    found = operators_after(graph, PoolingOrder())
    assert found == ({"conv2d": 2} if count and bias else {"conv2d": 1, "avg_pool2d": 1})
    assert optimize(graph, [(PoolingOrder(),)]).graph.nodes[0].op.name == "conv2d"


def test_an_enlargement_comes_last() -> None:
    net = Net()
    up = net("interpolate", net.x, scale_factor=2, mode="bilinear")
    graph = net.out(net("conv2d", up, out_channels=4, kernel_size=1))
    operators_after(graph, PoolingOrder())
    assert optimize(graph, [(PoolingOrder(),)]).graph.nodes[-1].op.name == "interpolate"


def test_poolings_of_one_element_become_strides() -> None:
    net = Net()
    pooled = net("avg_pool2d", net.x, kernel_size=1, stride=2)
    y = net("conv2d", pooled, out_channels=3, kernel_size=1), net("conv2d", pooled, out_channels=3, kernel_size=1)
    assert operators_after(net.out(*y), StridedPooling()) == {"conv2d": 2}
    net = Net()
    pooled = net("max_pool2d", net.x, kernel_size=1, stride=2)
    assert operators_after(net.out(net.conv(pooled)), StridedPooling()) == {"max_pool2d": 1, "conv2d": 1}


def test_pads_become_part_of_windows() -> None:
    net = Net()
    padded = net("pad", net.x, padding=[1, 2, 0, 3])
    y = net.conv(padded), net("avg_pool2d", padded, kernel_size=8, padding=1)
    assert operators_after(net.out(*y), PaddingMerge()) == {"conv2d": 1, "avg_pool2d": 1}
    assert "pad" in operators_after(net.out(*y), PaddingMerge(uneven=False))
    for attributes in ({"padding": 1, "value": 2.0}, {"padding": [-1, 1]}, {"padding": 1, "mode": "reflect"}):
        net = Net()
        assert operators_after(net.out(net.conv(net("pad", net.x, **attributes))), PaddingMerge())["pad"] == 1


def test_joins_and_splits_that_undo_each_other_go() -> None:
    net = Net()
    parts = net.node("split", net.conv(net.x), sizes=[1, 3]).outputs
    again = net("concat", net("concat", *parts), net.x)
    assert operators_after(net.out(again), Views()) == {"conv2d": 1, "concat": 1}
    net = Net()
    halves = net.node("chunk", net("concat", net.x, net("relu", net.x)), chunks=2).outputs
    assert operators_after(net.out(net("add", *halves)), Views()) == {"relu": 1, "add": 1}


def unit(net: Net, x: Value) -> Value:
    """A unit of ShuffleNetV2 on 8 channels."""
    kept, worked = net.node("chunk", x, chunks=2).outputs
    worked = net("relu", net("conv2d", worked, out_channels=4, kernel_size=1))
    worked = net("conv2d", worked, out_channels=4, kernel_size=3, padding=1, groups=4)
    worked = net("relu", net("conv2d", worked, out_channels=4, kernel_size=1))
    return net("channel_shuffle", net("concat", kept, worked), groups=2)


def test_shuffles_go_into_the_weights() -> None:
    net = Net()
    x = net("relu", net("conv2d", net.x, out_channels=8, kernel_size=1))
    for _ in range(3):
        x = unit(net, x)
    y = net(
        "conv2d", net("relu", net("conv2d", x, out_channels=8, kernel_size=3, groups=8)), out_channels=2, kernel_size=1
    )
    found = operators_after(net.out(y), ActivationFusion(), ChannelOrder())
    assert "channel_shuffle" not in found
    assert "chunk" not in found


def test_orders_that_are_seen_stay() -> None:
    net = Net()
    x = net("relu", net("conv2d", net.x, out_channels=8, kernel_size=1))
    assert operators_after(net.out(unit(net, x)), ActivationFusion(), ChannelOrder())["channel_shuffle"] == 1


def test_pipelines_are_chosen_by_name() -> None:
    names = [each.name for group in EVERY for each in group]
    assert {each.name for group in pipeline(without=["channel_order"]) for each in group} == {*names} - {
        "channel_order"
    }
    assert [each.name for group in pipeline(only=["noise"]) for each in group] == ["noise"]
    with pytest.raises(ValueError, match="no pass foo"):
        pipeline(without=["foo"])


def test_a_value_with_one_name_twice_among_outputs() -> None:
    net = Net()
    y = net("relu", net.conv(net.x))
    graph = net.out(y, y, net.x)
    assert operators_after(graph, *[each for group in EVERY for each in group]) == {"fused_conv2d": 1}


def test_optimized_graphs_have_a_text_form() -> None:
    net = Net()
    y = net("hardswish", net("batch_norm2d", net("add", net.conv(net.x), net("relu", net.x))))
    made = optimize(net.out(y, net("elu", net.conv(net.x), alpha=0.5))).graph
    assert {"fused_conv2d", "fused_affine"} <= {node.op.name for node in made.nodes}
    assert print_graph(parse_graph(print_graph(made))) == print_graph(made)


def test_files_cannot_name_what_only_passes_make() -> None:
    assert "fused_conv2d" in every_operator()
    assert not any(op.internal for op in operators().values())


@pytest.mark.parametrize("sides", [[-1, 1, -1, 1], [-1, 0, -2, 0], [-1, 1, 0, 2]])
@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("groups", [1, 2])
def test_factorized_reductions_read_past_what_is_cropped(sides: list[int], size: int, groups: int) -> None:
    net = Net(TensorType((4, size, size)))
    pooled = net("avg_pool2d", net("pad", net.x, padding=sides), kernel_size=1, stride=2)
    graph = net.out(net("conv2d", pooled, out_channels=6, kernel_size=1, groups=groups))
    found = operators_after(graph, StridedPooling(), ShiftedWindows())
    assert found == {"conv2d": 1}


def test_wide_convolutions_rather_copy_what_is_cropped() -> None:
    net = Net(TensorType((64, 8, 8)))
    cropped = net("pad", net.x, padding=[-1, 1, -1, 1])
    graph = net.out(net("conv2d", cropped, out_channels=64, kernel_size=1))
    assert operators_after(graph, ShiftedWindows()) == {"pad": 1, "conv2d": 1}
