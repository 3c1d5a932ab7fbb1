"""What each pass does and leaves alone."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import Graph
from archdsl.passes.base import Pass
from archdsl.passes.dead_nodes import DeadNodes
from archdsl.passes.identities import Identities
from archdsl.passes.pipeline import SIMPLIFICATION, simplify
from archdsl.passes.zeroed_branches import ZeroedBranches
from archdsl.types import TensorType
from tests.graphs.cells import IMAGE, Net
from tests.timing import within

VECTOR = TensorType((6,))


def ops(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


def after(each: Pass, graph: Graph) -> Graph:
    """The pass applied, its second run checked."""
    result = each.run(graph)
    assert result.changed is (result.graph is not graph)
    assert result.changed is bool(result.notes)
    assert not each.run(result.graph).changed
    return result.graph


def test_passes_are_values_with_names() -> None:
    assert [each.name for each in SIMPLIFICATION] == ["dead_nodes", "identities", "zeroed_branches"]
    assert DeadNodes() == DeadNodes()


def test_dead_nodes_go_and_inputs_stay() -> None:
    net = Net(IMAGE, IMAGE)
    net.conv(net("relu", net.inputs[1]))
    graph = after(DeadNodes(), net.out(net("tanh", net.x)))
    assert ops(graph) == ["tanh"]
    assert list(graph.inputs) == ["x0", "x1"]


def test_a_node_is_alive_for_one_of_its_outputs() -> None:
    net = Net()
    left, _ = net.node("chunk", net.x, chunks=2).outputs
    assert ops(after(DeadNodes(), net.out(left))) == ["chunk"]


def test_a_graph_without_dead_nodes_is_handed_back() -> None:
    net = Net()
    graph = net.out(net("relu", net.x))
    assert DeadNodes().run(graph).graph is graph


def test_identities_go() -> None:
    net = Net()
    value = net("identity", net("identity", net.x))
    for merge in ("add", "mul", "mean", "concat", "maximum", "minimum"):
        value = net(merge, value)
    graph = after(Identities(), net.out(net("relu", value), value))
    assert ops(graph) == ["relu"]
    assert list(graph.outputs.values())[1] is graph.inputs["x0"]


def test_what_looks_like_an_identity_stays() -> None:
    net = Net()
    value = net("stack", net.x)
    graph = net.out(net("dropout", net.x, p=0.5), value, net("add", net.x, net.x))
    assert after(Identities(), graph) is graph


def test_names_and_places_survive_a_pass() -> None:
    net = Net()
    value = net("relu", net("identity", net.x), path="block/relu")
    value.name = "features"
    (node,) = after(Identities(), net.out(value)).nodes
    assert (node.path, node.outputs[0].name) == ("block/relu", "features")


def test_zeros_are_dropped_from_sums() -> None:
    net = Net()
    total = net("add", net("zero", net.x), net.x, net("relu", net("zero", net.x)), net("tanh", net.x))
    graph = simplify(net.out(total)).graph
    assert ops(graph) == ["tanh", "add"]
    assert graph.nodes[1].operands[0] is graph.inputs["x0"]


def test_a_zero_that_gives_the_sum_its_shape_stays() -> None:
    net = Net(VECTOR, IMAGE)
    vector, image = net.inputs
    graph = after(ZeroedBranches(), net.out(net("add", vector, net("zero", image))))
    assert ops(graph) == ["constant", "add"]
    assert graph.nodes[1].output_types == (IMAGE,)


def test_a_zero_that_is_broadcast_is_dropped() -> None:
    net = Net(VECTOR, IMAGE)
    vector, image = net.inputs
    graph = simplify(net.out(net("add", net("zero", vector), image, image))).graph
    assert ops(graph) == ["add"]


def test_products_with_a_zero_are_zero() -> None:
    net = Net(VECTOR, IMAGE)
    vector, image = net.inputs
    product = net("mul", net.conv(image), net("zero", vector))
    graph = simplify(net.out(product)).graph
    assert ops(graph) == ["constant"]
    assert graph.nodes[0].output_types == (IMAGE,)
    assert graph.nodes[0].operands == (graph.inputs["x0"],)


def test_subtracting_zero() -> None:
    net = Net(VECTOR, IMAGE)
    vector, image = net.inputs
    kept = net("sub", net("zero", image), image)
    shaped = net("sub", vector, net("zero", image))
    graph = simplify(net.out(net("sub", image, net("zero", vector)), kept, shaped)).graph
    assert ops(graph) == ["constant", "sub", "constant", "sub"]
    assert graph.outputs["y0"] is graph.inputs["x1"]


def test_zeros_of_zeros() -> None:
    net = Net()
    zero = net("zero", net.x)
    value = net("concat", zero, net("relu", zero))
    for merge in ("mean", "add", "stack", "maximum", "minimum"):
        value = net(merge, value, value)
    graph = simplify(net.out(value)).graph
    assert ops(graph) == ["constant"]
    assert graph.nodes[0].path == net.graph.nodes[-1].path


def test_a_zero_counts_in_means_and_concats() -> None:
    net = Net()
    zero = net("zero", net.conv(net.x))
    graph = simplify(net.out(net("mean", net.x, zero), net("concat", zero, net.x))).graph
    assert ops(graph) == ["constant", "mean", "concat"]


def test_what_makes_something_of_zero_stays() -> None:
    net = Net()
    graph = simplify(net.out(net("sigmoid", net.conv(net("zero", net.x))))).graph
    assert ops(graph) == ["constant", "conv2d", "sigmoid"]


def test_zeros_with_positions_of_maxima() -> None:
    net = Net()
    values, positions = net.node("max_pool2d", net("zero", net.x), kernel_size=2, return_indices=True).outputs
    pooled = net("max_pool2d", net.x, kernel_size=2)
    graph = simplify(net.out(net("add", values, pooled), positions)).graph
    assert ops(graph) == ["constant", "max_pool2d", "max_pool2d"]


def test_parts_of_a_zero() -> None:
    net = Net()
    parts = net.node("chunk", net("zero", net.x), chunks=2).outputs
    graph = simplify(net.out(*parts)).graph
    assert ops(graph) == ["constant", "constant"]
    assert len({node.path for node in graph.nodes}) == 2


def test_simplify_reaches_a_fixed_point() -> None:
    net = Net()
    gone = net("mul", net.conv(net.x), net("zero", net.x))
    value = net("identity", net("add", net("identity", net("relu", net.x)), gone))
    result = simplify(net.out(value))
    assert ops(result.graph) == ["relu"]
    assert result.notes == (
        "identities: removed 2 identity nodes",
        "zeroed_branches: made a constant of 2 nodes that gave zeros",
        "zeroed_branches: dropped 1 zero operand of sums",
        "dead_nodes: removed 3 dead nodes",
        "identities: removed 1 identity node",
    )
    assert not simplify(result.graph).changed


@pytest.mark.parametrize("each", SIMPLIFICATION, ids=lambda each: each.name)
def test_passes_are_linear(each: Pass) -> None:
    net = Net()
    value = net.x
    for index in range(10_000):
        value = net(("identity", "relu", "dropout", "zero")[index % 4 if index < 100 else index % 3], value)
        value = net("add", value, net.x)
        net("relu", value)
    graph = net.out(value)
    assert within(5, lambda: each.run(graph)).changed
