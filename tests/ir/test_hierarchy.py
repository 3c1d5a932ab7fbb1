"""The tree of cell calls derived from the flat graph."""

from __future__ import annotations

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ir.hierarchy import Frame, fold, frames, reads
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType
from tests.timing import within


def relu(graph: Graph, x: Value, scope: Scope) -> Value:
    return graph.add(make(operators()["relu"], {}), [x], "relu", scope).outputs[0]


def add(graph: Graph, x: Value, y: Value, scope: Scope) -> Value:
    return graph.add(make(operators()["add"], {}), [x, y], "add", scope).outputs[0]


def network() -> Graph:
    root = Scope("net")
    return Graph("net", {"x": Value(TensorType((4,)), "x")}, root=root)


def shape(frame: Frame) -> list[object]:
    return [shape(item) if isinstance(item, Frame) else item.op.name for item in frame.body]


def test_nested_calls_carry_values_in_and_out() -> None:
    graph = network()
    x = graph.inputs["x"]
    outer = Scope("outer", "outer", graph.root)
    inner = Scope("inner", "outer/inner", outer)
    a = relu(graph, x, graph.root)
    b = relu(graph, a, inner)
    c = add(graph, b, x, inner)
    d = add(graph, c, c, outer)
    graph.outputs = {"d": add(graph, d, b, graph.root), "b": b}
    root = fold(graph)
    assert shape(root) == ["relu", [["relu", "add"], "add"], "add"]
    outer_frame = root.body[1]
    assert isinstance(outer_frame, Frame)
    inner_frame = outer_frame.body[0]
    assert isinstance(inner_frame, Frame)
    assert (inner_frame.inputs, inner_frame.outputs) == ([a, x], [b, c])
    assert (outer_frame.inputs, outer_frame.outputs) == ([a, x], [b, d])
    assert root.inputs == [x]
    assert root.outputs == list(graph.outputs.values())


def test_calls_that_share_weights_are_two_frames() -> None:
    graph = network()
    one, other = (Scope("head", "head", graph.root) for _ in range(2))
    made = relu(graph, relu(graph, graph.inputs["x"], one), other)
    graph.outputs = {"y": made}
    assert shape(fold(graph)) == [["relu"], ["relu"]]


def test_a_scope_without_nodes_disappears() -> None:
    graph = network()
    empty = Scope("empty", "empty", graph.root)
    lower = Scope("lower", "empty/lower", empty)
    graph.outputs = {"y": relu(graph, graph.inputs["x"], lower)}
    assert shape(fold(graph)) == [[["relu"]]]
    graph.nodes.clear()
    graph.outputs = dict(graph.inputs)
    assert shape(fold(graph)) == []


def test_interrupted_calls_keep_the_order_of_the_graph() -> None:
    graph = network()
    cell = Scope("cell", "cell", graph.root)
    a = relu(graph, graph.inputs["x"], cell)
    b = relu(graph, a, graph.root)
    graph.outputs = {"y": add(graph, a, b, cell)}
    root = fold(graph)
    assert shape(root) == [["relu"], "relu", ["add"]]
    assert [list(reads(item)) for item in root.body] == [[graph.inputs["x"]], [a], [a, b]]


def test_the_order_of_nodes_is_that_of_the_graph_and_time_is_linear() -> None:
    graph = network()
    x = graph.inputs["x"]
    for i in range(12_500):
        scope = graph.root
        for depth in range(4):
            scope = Scope("cell", f"{i}/{depth}", scope)
            x = add(graph, relu(graph, x, scope), graph.inputs["x"], scope)
    graph.outputs = {"y": x}
    root = within(5, lambda: fold(graph))
    order: list[Node] = []
    stack: list[object] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, Frame):
            stack.extend(reversed(item.body))
        else:
            assert isinstance(item, Node)
            order.append(item)
    assert order == graph.nodes
    assert sum(1 for _ in frames(root)) == 50_001
