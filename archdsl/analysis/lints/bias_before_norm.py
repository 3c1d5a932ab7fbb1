"""A bias straight before a normalisation that takes the mean away, and the bias with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.patterns import edited, next_nodes, readers
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.ir.graph import Graph, Node
from archdsl.ir.hierarchy import Frame
from archdsl.ops.families.convolution import Convolution
from archdsl.ops.families.linear import Linear
from archdsl.ops.families.transposed_convolution import ConvTranspose2d

_NORMS = {"batch_norm1d", "batch_norm2d", "instance_norm2d"}


@dataclass(frozen=True)
class BiasBeforeNorm(Rule):
    """Convolutions and linear layers with a bias, all of whose readers are batch or instance norms."""

    code: ClassVar[str] = "D0104"
    number: ClassVar[str] = "biases without effect"
    claims: ClassVar[Quantity | None] = "params"

    def findings(self, graph: Graph, root: Frame, costs: Costs) -> Iterator[Finding]:
        reading = readers(graph)
        results = set(graph.outputs.values())
        for node in graph.nodes:
            if not isinstance(node.op, Convolution | ConvTranspose2d | Linear) or not node.op.bias:
                continue
            norms = list(next_nodes(node.outputs[0], reading))
            if not norms or node.outputs[0] in results or not all(_takes_mean(node, norm) for norm in norms):
                continue
            before = costs.of(node).params
            after = costs.figures(edited(node.op, bias=False), node.operand_types).params
            if before - after > self.threshold:
                message = f"the bias of `{node.op.name}` is taken away by the `{norms[0].op.name}` behind it"
                yield Finding(node, before - after, message, "bias: false", Gain("params", before, after))


def _takes_mean(node: Node, norm: Node) -> bool:
    """Whether a norm has a mean for each channel of the node's output."""
    if norm.op.name not in _NORMS:
        return False
    # A linear layer's features are the last dimension, a norm's channels the first.
    return not isinstance(node.op, Linear) or node.outputs[0].type.rank == 1
