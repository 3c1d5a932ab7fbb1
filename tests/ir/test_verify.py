"""Each rule of the verifier finds the mistake it is for, and valid graphs pass."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.ir.graph import Graph, Scope, Value
from archdsl.ir.verify import InvalidGraphError, assert_valid, verify
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType
from tests.graphs.cells import IMAGE, Net
from tests.graphs.random_graphs import random_graph


def only_finding(graph: Graph) -> str:
    (finding,) = verify(graph)
    return finding


def small() -> tuple[Net, Graph]:
    net = Net()
    return net, net.out(net("relu", net.conv(net.x, path="conv")))


@pytest.mark.parametrize("seed", range(30))
def test_random_graphs_are_valid(seed: int) -> None:
    assert verify(random_graph(Random(seed)).graph) == []


def test_a_node_before_its_operand() -> None:
    _, graph = small()
    graph.nodes.reverse()
    assert only_finding(graph) == "node 0 (`relu` at `relu_2`): operand 0 is made later"


def test_an_operand_of_another_graph() -> None:
    net, graph = small()
    net("relu", Value(IMAGE))
    assert only_finding(graph) == "node 2 (`relu` at `relu_3`): operand 0 is not of this graph"


def test_a_node_listed_twice() -> None:
    _, graph = small()
    graph.nodes.append(graph.nodes[0])
    assert "node 2 (`conv2d` at `conv`) is listed twice" in verify(graph)


def test_an_output_with_another_producer() -> None:
    _, graph = small()
    graph.nodes[1].outputs[0].producer = graph.nodes[0]
    assert "an output names another producer" in only_finding(graph)


def test_a_type_that_is_not_inferred() -> None:
    _, graph = small()
    graph.nodes[1].outputs[0].type = TensorType((4, 6, 7))
    assert only_finding(graph) == ("node 1 (`relu` at `relu_2`): outputs are [N, 4, 6, 7], inferred are [N, 4, 6, 6]")


def test_operands_that_the_operator_refuses() -> None:
    net, graph = small()
    net.x.type = TensorType((4,))
    assert any("node 0 (`conv2d` at `conv`) is refused: " in finding for finding in verify(graph))


def test_shared_weights_of_other_operators() -> None:
    net, graph = small()
    net.conv(net.x, path="conv", stride=2)
    assert "shares the weights of another operator" in only_finding(graph)


def test_shared_weights_of_other_shapes() -> None:
    net = Net(IMAGE, TensorType((2, 6, 6)))
    made = [net.conv(value, path="conv") for value in net.inputs]
    assert "shares weights of other shapes" in only_finding(net.out(*made))


def test_shared_weights_on_other_sizes_are_fine() -> None:
    net = Net(IMAGE, TensorType((4, 9, 5)))
    assert verify(net.out(*[net.conv(value, path="conv") for value in net.inputs])) == []


@pytest.mark.parametrize(
    ("paths", "finding"),
    [
        (("a[0]/conv", "a/0/conv"), None),
        (("a", "a/b"), "path `a/b` lies inside the module with weights at `a`"),
        (("a[0]", "a[0]/b[1]/c"), "path `a[0]/b[1]/c` lies inside the module with weights at `a[0]`"),
        (("a", "ab"), None),
    ],
)
def test_module_names(paths: tuple[str, str], finding: str | None) -> None:
    net = Net()
    graph = net.out(*[net.conv(net.x, path=path) for path in paths])
    assert verify(graph) == ([finding] if finding else [])


def test_weights_need_a_path() -> None:
    net = Net()
    node = net.node("conv2d", net.x, out_channels=1, kernel_size=1)
    node.path = ""
    assert "needs a path" in only_finding(net.out(*node.outputs))


def test_an_output_of_another_graph() -> None:
    _, graph = small()
    graph.outputs["other"] = Value(IMAGE)
    assert only_finding(graph) == "output `other` is not a value of this graph"


def test_a_scope_of_another_graph() -> None:
    net, graph = small()
    graph.add(make(operators()["relu"], {}), [net.x], "relu", Scope("cell", "cell", Scope("other")))
    assert "its scope does not lead to the root" in only_finding(graph)


@pytest.mark.parametrize(
    ("type", "finding"),
    [
        (TensorType((3, 0)), "dimensions are positive integers"),
        (TensorType((2**30, 2**30)), "2**53 elements or more"),
        (TensorType((3,), "float16"), "unknown dtype 'float16'"),  # type: ignore[arg-type]
    ],
)
def test_inputs_of_impossible_types(type: TensorType, finding: str) -> None:
    assert finding in only_finding(Graph("net", {"x": Value(type, "x")}))


def test_one_value_as_two_inputs() -> None:
    value = Value(IMAGE)
    assert only_finding(Graph("net", {"a": value, "b": value})) == "input `b` is listed twice"


def test_integers_that_are_not_exact() -> None:
    net = Net()
    node = net.node("constant", net.x, value=1)
    large = node.op.model_copy(update={"value": 2**53})
    node.op = large
    assert "attribute `value` holds an integer of 2**53 or more" in only_finding(net.out(*node.outputs))


def test_all_findings_are_raised_at_once() -> None:
    _, graph = small()
    graph.nodes.reverse()
    graph.outputs["other"] = Value(IMAGE)
    with pytest.raises(InvalidGraphError) as raised:
        assert_valid(graph)
    assert len(raised.value.findings) == 2
    assert all(finding in str(raised.value) for finding in raised.value.findings)
