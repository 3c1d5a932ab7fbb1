"""Figures of single steps and of steps as they would be: what lints compare."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from archdsl.analysis.figures import figures_of
from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.latency.steps import steps_of
from archdsl.ir.graph import Graph, Node
from archdsl.ops.base import Operator
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
        device: name of the device that predicts times of plain steps; empty without one.
        seconds: the predicted time of the whole network; 0 without a device.
    """

    def __init__(self, graph: Graph, profile: DeviceProfile | None = None):
        self.mult_adds = self.memory_access = self.params = 0
        self._of: dict[Node, Figures] = {}
        counted: set[str] = set()
        for node in graph.nodes:
            figures = self._of[node] = _figures(node.op, node.operand_types)
            self.mult_adds += figures.mult_adds
            self.memory_access += figures.memory_access
            if figures.params and node.path not in counted:
                counted.add(node.path)
                self.params += figures.params
        self._times: dict[Node, float] = {}
        if profile is not None and profile.predictor is not None and profile.mode == "plain":
            times = profile.predictor.seconds(steps_of(graph), 1)
            self._times = dict(zip(graph.nodes, times, strict=True))
        self.device = profile.name if profile is not None and self._times else ""
        self.seconds = sum(self._times.values())

    def of(self, node: Node) -> Figures:
        """The figures of a step of the network; parameters count where they are read, shared or not."""
        return self._of[node]

    def seconds_of(self, node: Node) -> float:
        """The predicted time of a step; 0 without a device."""
        return self._times.get(node, 0.0)

    def figures(self, op: Operator, operands: tuple[TensorType, ...]) -> Figures:
        """The figures of any operator on operands of these types.

        Raises:
            OperatorError: if the operator refuses them.
        """
        return _figures(op, operands)


@lru_cache(maxsize=1 << 16)
def _figures(op: Operator, operands: tuple[TensorType, ...]) -> Figures:
    known = figures_of(op, operands)
    return Figures(known.params, known.mult_adds, known.reads + known.writes + known.weights_read)
