"""The network that lints look at, with what several of them need of it."""

from __future__ import annotations

from functools import cached_property

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.patterns import Readers, is_convolution, living
from archdsl.ir.graph import Graph, Node, Value, users
from archdsl.ir.hierarchy import Frame, fold
from archdsl.ops.families.convolution import Convolution


class Subject:
    """One form of a network. What is derived from it is made when it is first asked for, and once for all rules.

    Attributes:
        graph: the network.
        profile: of a device; with one that predicts, `costs` has times.
    """

    def __init__(self, graph: Graph, profile: DeviceProfile | None = None):
        self.graph = graph
        self.profile = profile

    @cached_property
    def root(self) -> Frame:
        """The graph folded into cell calls."""
        return fold(self.graph)

    @cached_property
    def costs(self) -> Costs:
        """Figures of its nodes."""
        return Costs(self.graph, self.profile)

    @cached_property
    def readers(self) -> Readers:
        """The nodes that read each value, once for each operand place."""
        return users(self.graph)

    @cached_property
    def alive(self) -> set[Node]:
        """The nodes that an output depends on."""
        return living(self.graph)

    @cached_property
    def results(self) -> frozenset[Value]:
        """The values that leave the network."""
        return frozenset(self.graph.outputs.values())

    @cached_property
    def convolutions(self) -> list[tuple[Node, Convolution]]:
        """Convolutions in graph order."""
        return [(node, node.op) for node in self.graph.nodes if is_convolution(node.op)]
