"""Most parameters in one fully connected layer that reads a flattened map.

Averaging each channel over the map first leaves the layer channels * out_features weights instead of
channels * height * width * out_features, and makes it indifferent to the size of the input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.patterns import behind, is_linear, written
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node
from archdsl.types import TensorType


@dataclass(frozen=True)
class ClassifierParameters(Rule):
    """Linear layers on flattened maps that hold a large share of all parameters."""

    code: ClassVar[str] = "D0103"
    number: ClassVar[str] = "share of the layer in the parameters of the network"
    claims: ClassVar[Quantity | None] = "params"

    threshold: float = 0.5

    def findings(self, subject: Subject) -> Iterator[Finding]:
        costs = subject.costs
        for node in subject.graph.nodes:
            if not is_linear(node.op) or not costs.params:
                continue
            image = _flattened(node)
            params = costs.of(node).params
            if image is not None and params / costs.params > self.threshold:
                yield _finding(node, image, params / costs.params, costs)


def _flattened(node: Node) -> TensorType | None:
    """The map [C, H, W] that a linear layer reads as one vector; None if it reads something else."""
    maker = behind(node.operands[0])
    if maker is None or maker.op.name not in ("flatten", "reshape") or node.operands[0].type.rank != 1:
        return None
    image = maker.operands[0].type
    return image if image.rank == 3 and prod(image.shape[1:]) > 1 else None


def _finding(node: Node, image: TensorType, share: float, costs: Costs) -> Finding:
    after = costs.figures(node.op, (TensorType(image.shape[:1]),)).params
    return Finding(
        node,
        share,
        f"this layer holds {share:.0%} of all parameters: it reads a flattened map of {written(image.shape)}",
        "`global_avg_pool2d` in place of `flatten`",
        Gain("params", costs.of(node).params, after),
    )
