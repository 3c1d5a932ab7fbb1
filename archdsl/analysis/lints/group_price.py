"""G2: groups have a price in memory access.

With g groups the same multiply-adds buy sqrt(g) times as many channels on both sides: the maps grow by sqrt(g) while
the weights stay as large. The price is the traffic of the grouped convolution over that of an ungrouped one with
1 / sqrt(g) of the channels: between 1 (weights outweigh maps) and sqrt(g).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod, sqrt
from typing import ClassVar

from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.patterns import edited, is_depthwise
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node
from archdsl.ops.families.convolution import Convolution
from archdsl.ops.rules.windows import per_axis
from archdsl.types import TensorType


@dataclass(frozen=True)
class GroupPrice(Rule):
    """Grouped convolutions that move much more than an ungrouped one would.

    Depthwise convolutions are left out unless `depthwise` is set: no ungrouped convolution does their work.
    """

    code: ClassVar[str] = "G0201"
    short: ClassVar[str] = "G2"
    number: ClassVar[str] = "memory access over that of an ungrouped convolution at the same multiply-adds"
    claims: ClassVar[Quantity | None] = "memory_access"

    threshold: float = 1.5
    depthwise: bool = False

    def findings(self, subject: Subject) -> Iterator[Finding]:
        for node, op in subject.convolutions:
            if op.groups == 1 or (is_depthwise(node, op) and not self.depthwise):
                continue
            ratio = price(node, op)
            if ratio > self.threshold:
                yield _finding(node, op, ratio, subject.costs)


def price(node: Node, op: Convolution) -> float:
    """Memory access over that of an ungrouped convolution with the same multiply-adds; the bias not counted."""
    x, y = node.operands[0].type, node.outputs[0].type
    weights = prod(per_axis(op.kernel_size)) * x.shape[0] * y.shape[0] // op.groups
    maps = x.elements + y.elements
    return (maps + weights) / (maps / sqrt(op.groups) + weights)


def _finding(node: Node, op: Convolution, ratio: float, costs: Costs) -> Finding:
    x, y = node.operands[0].type, node.outputs[0].type
    wide, made = (max(1, round(t.shape[0] / sqrt(op.groups))) for t in (x, y))
    before = costs.of(node)
    after = costs.figures(edited(op, groups=1, out_channels=made), (TensorType((wide, *x.shape[1:])),))
    return Finding(
        node,
        ratio,
        f"{op.groups} groups cost {ratio:.2f} times the memory access of an ungrouped convolution with as many "
        "multiply-adds",
        f"groups: 1 with {wide} channels in and {made} out",
        Gain("memory_access", before.memory_access, after.memory_access),
        (f"multiply-adds of the step then: {after.mult_adds:,} instead of {before.mult_adds:,}",),
    )
