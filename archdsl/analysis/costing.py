"""The cost of a network: parameters, arithmetic, memory traffic, memory.

Everything is counted on the graph in exact integers, by the cost rule of each operator; an operator without a rule
can't be made. A rule is asked once for each distinct operator and operand types.
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.analysis.figures import INTEGER_BYTES, Figures, figures_of
from archdsl.analysis.liveness import peak_of
from archdsl.analysis.merging import Merged
from archdsl.analysis.options import CostOptions
from archdsl.analysis.report import CellCost, CostReport, LayerCost, OperatorCost
from archdsl.ir.collector import paused
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ir.naming import module_path
from archdsl.ops.base import Operator
from archdsl.types import TensorType

_FIGURES = 5
_PLAIN = CostOptions()


# Samples of a batch: more than any data set has.
MOST_SAMPLES = 2**40


def cost_report(graph: Graph, batch_size: int = 1, options: CostOptions = _PLAIN) -> CostReport:
    """Count the cost of one forward pass over a batch.

    Arithmetic, activations and their traffic grow with the batch; weights are counted and read once. Takes time
    linear in the number of nodes.

    Args:
        graph: the network, in the form that is to be counted (for training, elaborated with its training steps).
        batch_size: samples in the batch, at least 1.
        options: which layers are merged, and in what numbers are stored.

    Raises:
        ValueError: if `batch_size` is less than 1 or more than `MOST_SAMPLES`.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if batch_size > MOST_SAMPLES:
        raise ValueError(f"batch_size must be at most 2**40, got {batch_size:,}")
    with paused():
        return _counted(graph, batch_size, options)


def _counted(graph: Graph, batch_size: int, options: CostOptions) -> CostReport:
    figures = [figures_of(node.op, tuple([v.type for v in node.operands])) for node in graph.nodes]
    merged = Merged(graph, options) if options.merges else None
    tree = _Tree(graph.root)
    counter = _Counter(batch_size, options.float_bytes, merged)
    layers = counter.layers(graph, figures, tree)
    highest = peak_of(graph, figures, None if merged is None else merged.in_place, options.float_bytes)
    cells = tree.costs(layers)
    total = cells[0]
    return CostReport(
        name=graph.name,
        batch_size=batch_size,
        params=total.params,
        buffers=counter.buffers,
        mult_adds=total.mult_adds,
        flops=total.flops,
        memory_access=total.memory_access,
        memory_access_bytes=counter.traffic_bytes,
        peak_activation=highest.elements * batch_size,
        peak_activation_bytes=highest.bytes * batch_size,
        inputs={name: value.type.shape for name, value in graph.inputs.items()},
        outputs={name: value.type.shape for name, value in graph.outputs.items()},
        by_operator=_by_operator(layers),
        cells=cells,
        layers=layers,
        options=options,
    )


def node_cost(op: Operator, operands: tuple[TensorType, ...]) -> tuple[int, int, int, int, int, int, int]:
    """Params, buffers, nodes (1), mult_adds, flops, memory_access and its bytes of one node, one sample, float32."""
    row = _Row(figures_of(op, operands), 1, _PLAIN.float_bytes)
    return row.params, row.buffers, 1, row.mult_adds, row.flops, row.memory_access, row.traffic_bytes


class _Row:
    """What nodes with the same figures have in common, for the whole batch."""

    __slots__ = ("buffers", "flops", "memory_access", "mult_adds", "params", "shapes", "traffic_bytes", "weighted")

    def __init__(self, known: Figures, batch_size: int, float_bytes: int):
        self.weighted = known.weighted
        self.shapes = known.shapes
        self.params, self.buffers = known.params, known.buffers
        self.mult_adds = known.mult_adds * batch_size
        self.flops = (2 * known.mult_adds + known.elementwise) * batch_size
        self.memory_access = (known.reads + known.writes) * batch_size + known.weights_read
        integers = (known.read_integers + known.written_integers) * batch_size + known.weight_integers
        self.traffic_bytes = self.memory_access * float_bytes + integers * (INTEGER_BYTES - float_bytes)


class _Counter:
    """Makes the rows, in graph order, and remembers whose weights were counted."""

    def __init__(self, batch_size: int, float_bytes: int, merged: Merged | None):
        self.batch_size = batch_size
        self.float_bytes = float_bytes
        self.merged = merged
        self.buffers = 0
        self.traffic_bytes = 0
        self._counted: set[str] = set()
        self._rows: dict[Figures, _Row] = {}

    def layers(self, graph: Graph, figures: Sequence[Figures], tree: _Tree) -> tuple[LayerCost, ...]:
        """One row for each node."""
        made = []
        rows, index = self._rows, tree.index
        for node, known in zip(graph.nodes, figures, strict=True):
            row = rows.get(known)
            if row is None:
                row = rows[known] = _Row(known, self.batch_size, self.float_bytes)
            cell = index(node.scope)
            if self.merged is None:
                made.append(self._layer(node, row, cell))
            else:
                made.append(self._merged_layer(node, row, cell, self.merged))
        return tuple(made)

    def _layer(self, node: Node, row: _Row, cell: int) -> LayerCost:
        path, params, key = node.path, 0, ""
        if row.weighted:
            key = module_path(path)
            if path not in self._counted:
                self._counted.add(path)
                params = row.params
                self.buffers += row.buffers
        self.traffic_bytes += row.traffic_bytes
        figures = (params, row.mult_adds, row.flops, row.memory_access, row.traffic_bytes)
        return LayerCost(path, key, node.op.name, cell, row.shapes, *figures)

    def _merged_layer(self, node: Node, row: _Row, cell: int, merged: Merged) -> LayerCost:
        """The row of a node in a network whose layers are merged: unwritten values are neither written nor read."""
        head = merged.folded.get(node)
        if head is not None:
            key = module_path(node.path)
            return LayerCost(node.path, key, node.op.name, cell, row.shapes, 0, 0, 0, 0, 0, head.path)
        plain = self._layer(node, row, cell)
        value = merged.fused.get(node)
        saved = 0 if value is None else 2 * value.type.elements * self.batch_size
        bias = node.outputs[0].type.shape[self._channel(node)] if node in merged.widened else 0
        made = node.outputs[0].type.elements * self.batch_size if bias else 0
        change = (bias - saved) * self.float_bytes
        self.traffic_bytes += change
        return plain._replace(
            params=plain.params + bias,
            flops=plain.flops + made,
            memory_access=plain.memory_access + bias - saved,
            memory_access_bytes=plain.memory_access_bytes + change,
            merged_into="" if value is None or value.producer is None else value.producer.path,
        )

    @staticmethod
    def _channel(node: Node) -> int:
        """The dimension of a layer's channels in its result."""
        return -1 if node.op.name == "linear" else 0


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
        totals = [[0] * _FIGURES for _ in self.scopes]
        for row in layers:
            _add(totals[row.cell], row)
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


def _by_operator(layers: Sequence[LayerCost]) -> dict[str, OperatorCost]:
    """Totals for each kind of operator, by name."""
    totals: dict[str, list[int]] = {}
    for row in layers:
        if row.op not in totals:
            totals[row.op] = [0] * _FIGURES
        _add(totals[row.op], row)
    return {op: OperatorCost(*totals[op]) for op in sorted(totals)}


def _add(total: list[int], row: LayerCost) -> None:
    """Count a node in a total: nodes, params, mult_adds, flops, memory_access."""
    total[0] += 1
    total[1] += row.params
    total[2] += row.mult_adds
    total[3] += row.flops
    total[4] += row.memory_access
