"""The cost of a network: parameters, arithmetic, memory traffic, memory.

Everything is counted on the graph in exact integers, by the cost rule of each operator; an operator without a rule
can't be made. A rule is asked once for each distinct operator and operand types.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import prod

from archdsl.analysis.liveness import peak_activation
from archdsl.analysis.report import CellCost, CostReport, LayerCost, OperatorCost
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ir.naming import module_path
from archdsl.ops.base import OpCost, WeightSpec, cost_of
from archdsl.types import ELEMENT_BYTES, TensorType


def cost_report(graph: Graph, batch_size: int = 1) -> CostReport:
    """Count the cost of one forward pass over a batch.

    Arithmetic, activations and their traffic grow with the batch; weights are counted and read once. Takes time
    linear in the number of nodes.

    Args:
        graph: the network, in the form that is to be counted (for training, elaborated with its training steps).
        batch_size: samples in the batch, at least 1.

    Raises:
        ValueError: if `batch_size` is less than 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    tree = _Tree(graph.root)
    counter = _Counter(batch_size)
    layers = tuple([counter.layer(node, tree.index(node.scope)) for node in graph.nodes])
    peak = peak_activation(graph) * batch_size
    total = _sums(layers)
    return CostReport(
        name=graph.name,
        batch_size=batch_size,
        params=total.params,
        buffers=counter.buffers,
        mult_adds=total.mult_adds,
        flops=total.flops,
        memory_access=total.memory_access,
        memory_access_bytes=counter.traffic_bytes,
        peak_activation=peak,
        peak_activation_bytes=peak * ELEMENT_BYTES["float32"],
        inputs={name: value.type.shape for name, value in graph.inputs.items()},
        outputs={name: value.type.shape for name, value in graph.outputs.items()},
        by_operator=_by_operator(layers),
        cells=tree.costs(layers),
        layers=layers,
    )


class _Counter:
    """Makes the rows, in graph order, and remembers whose weights were counted."""

    def __init__(self, batch_size: int):
        self.batch_size = batch_size
        self.buffers = 0
        self.traffic_bytes = 0
        self._counted: set[str] = set()
        self._figures: dict[tuple[object, ...], _Figures] = {}

    def layer(self, node: Node, cell: int) -> LayerCost:
        operands = node.operand_types
        key = (node.op, operands)
        figures = self._figures.get(key)
        if figures is None:
            figures = self._figures[key] = _Figures(node, self.batch_size)
        params = 0
        if figures.weighted and node.path not in self._counted:
            self._counted.add(node.path)
            params = figures.params
            self.buffers += figures.buffers
        self.traffic_bytes += figures.traffic_bytes
        return LayerCost(
            node.path,
            module_path(node.path) if figures.weighted else "",
            node.op.name,
            cell,
            figures.shapes,
            params,
            figures.mult_adds,
            figures.flops,
            figures.memory_access,
        )


class _Figures:
    """What all nodes with one operator and operand types have in common."""

    __slots__ = (
        "buffers", "flops", "memory_access", "mult_adds", "params", "shapes", "traffic_bytes", "weighted",
    )  # fmt: skip

    def __init__(self, node: Node, batch_size: int):
        cost = cost_of(node.op, node.operand_types)
        specs = node.weights
        stored = sum(prod(spec.shape) for spec in specs)
        self.weighted = bool(specs)
        self.params = sum(prod(spec.shape) for spec in specs if spec.kind == "parameter")
        self.buffers = stored - self.params
        self.mult_adds = cost.mult_adds * batch_size
        self.flops = (2 * cost.mult_adds + cost.elementwise) * batch_size
        self.memory_access = (cost.reads + cost.writes) * batch_size + stored
        self.traffic_bytes = activation_bytes(cost, node.operand_types, node.output_types) * batch_size
        self.traffic_bytes += weight_bytes(specs)
        self.shapes = tuple(t.shape for t in node.output_types)


def activation_bytes(cost: OpCost, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> int:
    """Bytes of activations that one sample moves.

    Rules count elements without their kind. Where float and integer operands meet (`embedding`, `gather`), the
    integers are taken to be read once each, and the rest of the reads to be floats; likewise for writes.
    """
    return _bytes(cost.reads, operands) + _bytes(cost.writes, outputs)


def weight_bytes(specs: Sequence[WeightSpec]) -> int:
    """Bytes of a node's weights, buffers included."""
    return sum(prod(spec.shape) * ELEMENT_BYTES[spec.dtype] for spec in specs)


def _bytes(elements: int, types: Sequence[TensorType]) -> int:
    if all(t.dtype == "int64" for t in types):
        return elements * ELEMENT_BYTES["int64"]
    integers = min(elements, sum(t.elements for t in types if t.dtype == "int64"))
    return integers * ELEMENT_BYTES["int64"] + (elements - integers) * ELEMENT_BYTES["float32"]


class _Tree:
    """The cell calls, numbered in the order of their first node, parents before children."""

    def __init__(self, root: Scope):
        self.scopes: list[Scope] = []
        self.parents: list[int] = []
        self._numbers: dict[Scope, int] = {}
        self.index(root)

    def index(self, scope: Scope) -> int:
        known = self._numbers.get(scope)
        if known is None:
            parent = -1 if scope.parent is None else self.index(scope.parent)
            known = self._numbers[scope] = len(self.scopes)
            self.scopes.append(scope)
            self.parents.append(parent)
        return known

    def costs(self, layers: Sequence[LayerCost]) -> tuple[CellCost, ...]:
        """Totals of each call, those within it included."""
        totals = [[0] * 5 for _ in self.scopes]
        for row in layers:
            figures = (1, row.params, row.mult_adds, row.flops, row.memory_access)
            totals[row.cell] = [a + b for a, b in zip(totals[row.cell], figures, strict=True)]
        for number in range(len(self.scopes) - 1, 0, -1):
            parent = self.parents[number]
            if parent >= 0:
                totals[parent] = [a + b for a, b in zip(totals[parent], totals[number], strict=True)]
        depths: list[int] = []
        for parent in self.parents:
            depths.append(0 if parent < 0 else depths[parent] + 1)
        return tuple(
            CellCost(scope.cell, scope.path, self.parents[i], depths[i], *totals[i])
            for i, scope in enumerate(self.scopes)
        )


def _sums(layers: Sequence[LayerCost]) -> OperatorCost:
    return OperatorCost(
        len(layers),
        sum(row.params for row in layers),
        sum(row.mult_adds for row in layers),
        sum(row.flops for row in layers),
        sum(row.memory_access for row in layers),
    )


def _by_operator(layers: Sequence[LayerCost]) -> dict[str, OperatorCost]:
    """Totals for each kind of operator, by name."""
    rows: defaultdict[str, list[LayerCost]] = defaultdict(list)
    for row in layers:
        rows[row.op].append(row)
    return {op: _sums(rows[op]) for op in sorted(rows)}
