"""Figures of single steps and of steps as they would be: what lints compare."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.ir.graph import Graph, Node
from archdsl.ops.base import Operator, WeightSpec, cost_of, weights_of
from archdsl.types import TensorType


class Figures(NamedTuple):
    """Cost of one application, batch of 1; terms as in `archdsl.analysis.report.CostReport`."""

    params: int
    mult_adds: int
    memory_access: int


class Costs:
    """The cost of every step of a network and of edited steps, asked of the operators' rules, remembered.

    Attributes:
        mult_adds, memory_access: of the whole network.
        params: of the whole network, shared weights once.
        device: name of the device that predicts times; empty without one.
        seconds: the predicted time of the whole network; 0 without a device.
    """

    def __init__(self, graph: Graph, profile: DeviceProfile | None = None):
        self._known: dict[tuple[Operator, tuple[TensorType, ...]], Figures] = {}
        per_node = [self.of(node) for node in graph.nodes]
        self.mult_adds = sum(figures.mult_adds for figures in per_node)
        self.memory_access = sum(figures.memory_access for figures in per_node)
        self._times: dict[Node, float] = {}
        if profile is not None and profile.predictor is not None:
            times = profile.predictor.seconds([(node.op, node.operand_types) for node in graph.nodes], 1)
            self._times = dict(zip(graph.nodes, times, strict=True))
        self.device = profile.name if profile is not None and self._times else ""
        self.seconds = sum(self._times.values())
        self.params = sum(prod(spec.shape) for _, spec in graph.weights() if spec.kind == "parameter")

    def of(self, node: Node) -> Figures:
        """The figures of a step; parameters count where they are read, shared or not."""
        return self.figures(node.op, node.operand_types)

    def seconds_of(self, node: Node) -> float:
        """The predicted time of a step; 0 without a device."""
        return self._times.get(node, 0.0)

    def figures(self, op: Operator, operands: tuple[TensorType, ...]) -> Figures:
        """The figures of any operator on operands of these types.

        Raises:
            OperatorError: if the operator refuses them.
        """
        key = (op, operands)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _figures(op, operands)
        return found


def _figures(op: Operator, operands: tuple[TensorType, ...]) -> Figures:
    cost = cost_of(op, operands)
    weights = weights_of(op, operands)
    params = sum(prod(spec.shape) for spec in weights if spec.kind == "parameter")
    read = sum(prod(spec.shape) for spec in weights if not _is_counter(spec))
    return Figures(params, cost.mult_adds, cost.reads + cost.writes + read)


def _is_counter(spec: WeightSpec) -> bool:
    """Batch norm's count of training steps is stored, but no forward pass reads it."""
    return spec.kind == "buffer" and spec.shape == () and spec.dtype == "int64"
