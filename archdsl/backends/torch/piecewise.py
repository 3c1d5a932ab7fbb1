"""A network run step by step, each step a small module of its own, so that each can be timed where it stands.

Steps are timed within passes over the whole network: with the caches in the state in which the network leaves them,
and weights read from memory as often as there. Values are freed after their last use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.backends.torch.loading import build_module
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator
from archdsl.types import TensorType


def node_graph(node: Node) -> Graph:
    """A network of this one step; a value that it reads twice is one input."""
    read = list(dict.fromkeys(node.operands))
    graph = Graph("step", {f"x{i}": Value(value.type, f"x{i}") for i, value in enumerate(read)})
    inputs = list(graph.inputs.values())
    made = graph.add(node.op, [inputs[read.index(value)] for value in node.operands], "step")
    graph.outputs = {f"y{i}": value for i, value in enumerate(made.outputs)}
    return graph


def random_input(kind: TensorType, batch_size: int, place: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """Normal numbers; zeros for integers, which are valid positions everywhere."""
    if kind.dtype == "int64":
        return torch.zeros(batch_size, *kind.shape, dtype=torch.int64, device=place)
    return torch.randn(batch_size, *kind.shape, device=place).to(dtype)


class Piecewise:
    """A network as a row of modules.

    Attributes:
        nodes: the steps, in graph order.
    """

    def __init__(self, graph: Graph, place: torch.device, batch_size: int, clock: Callable[[], float] = perf_counter):
        self.nodes = graph.nodes
        self._clock = clock
        self._place = place
        self._modules = _modules(graph.nodes, place)
        numbers: dict[Value, int] = {}
        for value in (*graph.inputs.values(), *(v for node in graph.nodes for v in node.outputs)):
            numbers[value] = len(numbers)
        self._inputs = [random_input(value.type, batch_size, place) for value in graph.inputs.values()]
        self._values = len(numbers)
        self._reads = [[numbers[v] for v in dict.fromkeys(node.operands)] for node in graph.nodes]
        self._makes = [[numbers[v] for v in node.outputs] for node in graph.nodes]
        last = {number: i for i, reads in enumerate(self._reads) for number in reads}
        kept = {numbers[v] for v in (*graph.outputs.values(), *graph.inputs.values())}
        self._frees: list[list[int]] = [[] for _ in graph.nodes]
        for number, i in last.items():
            if number not in kept:
                self._frees[i].append(number)

    def seconds(self) -> list[float]:
        """Run all steps once; the time of each."""
        values: list[Tensor | None] = [*self._inputs, *[None] * (self._values - len(self._inputs))]
        taken = []
        clock = self._clock
        waits = self._place.type == "cuda"
        for module, reads, makes, frees in zip(self._modules, self._reads, self._makes, self._frees, strict=True):
            given = [values[i] for i in reads]
            if waits:
                torch.cuda.synchronize(self._place)
            started = clock()
            made: Any = module(*given)
            if waits:
                torch.cuda.synchronize(self._place)
            taken.append(clock() - started)
            for i, tensor in zip(makes, made.values() if isinstance(made, dict) else (made,), strict=True):
                values[i] = tensor
            for i in frees:
                values[i] = None
            del given, made
        return taken


def _modules(nodes: Sequence[Node], place: torch.device) -> list[nn.Module]:
    """A module for each step; equal steps are copies, so that each has weights of its own."""
    known: dict[tuple[Operator, tuple[TensorType, ...], tuple[int, ...]], nn.Module] = {}
    made = []
    for node in nodes:
        read = list(dict.fromkeys(node.operands))
        key = (node.op, node.operand_types, tuple(read.index(v) for v in node.operands))
        if key not in known:
            known[key] = build_module(node_graph(node), dynamic_size=True).eval().to(place)
            made.append(known[key])
        else:
            made.append(deepcopy(known[key]) if node.weights else known[key])
    return made
