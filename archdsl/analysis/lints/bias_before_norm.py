"""A bias straight before a normalisation that takes the mean away, and the bias with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from archdsl.analysis.lints.patterns import edited, is_convolution, is_linear, is_transposed, next_nodes
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node

_NORMS = {"batch_norm1d", "batch_norm2d", "instance_norm2d"}


@dataclass(frozen=True)
class BiasBeforeNorm(Rule):
    """Convolutions and linear layers with a bias, all of whose readers are batch or instance norms."""

    code: ClassVar[str] = "D0104"
    number: ClassVar[str] = "biases without effect"
    claims: ClassVar[Quantity | None] = "params"

    def findings(self, subject: Subject) -> Iterator[Finding]:
        costs = subject.costs
        for node in subject.graph.nodes:
            op = node.op
            if not (is_convolution(op) or is_transposed(op) or is_linear(op)) or not op.bias:
                continue
            norms = list(next_nodes(node.outputs[0], subject.readers))
            if not norms or node.outputs[0] in subject.results or not all(_takes_mean(node, norm) for norm in norms):
                continue
            before = costs.of(node).params
            after = costs.figures(edited(op, bias=False), node.operand_types).params
            if before - after > self.threshold:
                message = f"the bias of `{op.name}` is taken away by the `{norms[0].op.name}` behind it"
                yield Finding(node, before - after, message, "bias: false", Gain("params", before, after))


def _takes_mean(node: Node, norm: Node) -> bool:
    """Whether a norm has a mean for each channel of the node's output."""
    if norm.op.name not in _NORMS:
        return False
    # A linear layer's features are the last dimension, a norm's channels the first.
    return not is_linear(node.op) or node.outputs[0].type.rank == 1
