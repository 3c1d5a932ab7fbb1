"""Random cells as search spaces have them, and random changes of graphs that keep or change the network."""

from __future__ import annotations

from random import Random
from typing import Any

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType

IMAGE = TensorType((4, 6, 6))
EDGES: dict[str, dict[str, Any]] = {
    "zero": {},
    "identity": {},
    "relu": {},
    "dropout": {"p": 0.5},
    "conv2d": {"out_channels": 4, "kernel_size": 3, "padding": "half"},
    "avg_pool2d": {"kernel_size": 3, "stride": 1, "padding": 1},
}
MERGES = ("add", "add", "add", "mul", "mean", "maximum")


class Net:
    """A short way to write a graph: `net.x` is its input, `net("relu", value)` a step."""

    def __init__(self, *types: TensorType):
        self.graph = Graph("net")
        for index, type in enumerate(types or (IMAGE,)):
            self.graph.inputs[f"x{index}"] = Value(type, f"x{index}")
        self.inputs = list(self.graph.inputs.values())
        self.x = self.inputs[0]

    def __call__(self, name: str, *operands: Value, path: str = "", **attributes: Any) -> Value:
        """The first output of a new node; weights are its own unless a path is given."""
        return self.node(name, *operands, path=path, **attributes).outputs[0]

    def node(self, name: str, *operands: Value, path: str = "", **attributes: Any) -> Node:
        """A new node."""
        op = make(operators()[name], attributes)
        return self.graph.add(op, operands, path or f"{name}_{len(self.graph.nodes) + 1}")

    def conv(self, x: Value, path: str = "", **attributes: Any) -> Value:
        """A convolution that keeps the type of an image."""
        return self("conv2d", x, path=path, **(EDGES["conv2d"] | attributes))

    def out(self, *values: Value) -> Graph:
        """The graph with these outputs."""
        self.graph.outputs = {f"y{index}": value for index, value in enumerate(values)}
        return self.graph


def random_cell(rng: Random, states: int = 4) -> Graph:
    """Every state merges one edge from each earlier one, as in NAS-Bench-201; the last states are the outputs."""
    net = Net(IMAGE, *([IMAGE] if rng.random() < 0.5 else []))
    values = list(net.inputs)
    for _ in range(states):
        merge = rng.choice(MERGES)
        values.append(net(merge, *[_edge(net, value, rng) for value in values]))
    wide = net("concat", *rng.choices(values, k=2))
    return net.out(values[-1], *rng.sample([wide, *values], k=rng.randint(0, 2)))


def _edge(net: Net, value: Value, rng: Random) -> Value:
    name = rng.choice(list(EDGES))
    path = "shared" if name == "conv2d" and rng.random() < 0.3 else ""
    return net(name, value, path=path, **EDGES[name])


def shuffled(graph: Graph, rng: Random) -> Graph:
    """The same network: another topological order, other names, paths and scopes, commutative operands reordered."""
    result = Graph("other", root=Scope("elsewhere"))
    values = {value: Value(value.type, f"in_{i}") for i, value in enumerate(graph.inputs.values())}
    result.inputs = {value.name: value for value in values.values()}
    old_paths = sorted({node.path for node in graph.nodes})
    paths = {path: f"w{i}" for i, path in enumerate(rng.sample(old_paths, k=len(old_paths)))}
    waiting = list(graph.nodes)
    while waiting:
        ready = [node for node in waiting if all(v in values for v in node.operands)]
        node = rng.choice(ready)
        waiting.remove(node)
        operands = [values[v] for v in node.operands]
        if node.op.commutative:
            rng.shuffle(operands)
        path = paths[node.path] if node.weights else f"n{len(result.nodes)}"
        made = result.add(node.op, operands, path)
        values.update(zip(node.outputs, made.outputs, strict=True))
    result.outputs = {f"out_{i}": values[v] for i, v in enumerate(graph.outputs.values())}
    return result
