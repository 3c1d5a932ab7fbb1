"""G1: equal channel widths minimise memory access.

A convolution with c1 channels in and c2 out, g groups and a window of k elements, from a map of a1 elements per channel
to one of a2, takes B = a2 k c1 c2 / g multiply-adds and moves a1 c1 + a2 c2 + k c1 c2 / g elements. With B fixed the
product c1 c2 is fixed, and by the inequality of the means the traffic is at least 2 sqrt(a1 a2 c1 c2) + k c1 c2 / g,
with equality where a1 c1 = a2 c2. For a 1x1 convolution with stride 1 that is 2 sqrt(h w B) + B / (h w).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod, sqrt
from typing import ClassVar

from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.patterns import (
    edited,
    is_depthwise,
    is_network_input,
    is_network_output,
    written,
)
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node
from archdsl.ops.families.convolution import Convolution
from archdsl.ops.rules.windows import per_axis
from archdsl.types import TensorType


@dataclass(frozen=True)
class ChannelBalance(Rule):
    """Convolutions whose channel counts differ so much that they move more than they need to.

    Depthwise convolutions have one width only; the channels of the network's inputs and outputs are given. They are
    left out.
    """

    code: ClassVar[str] = "G0101"
    short: ClassVar[str] = "G1"
    number: ClassVar[str] = "memory access over its lower bound at the same multiply-adds"
    claims: ClassVar[Quantity | None] = "memory_access"

    threshold: float = 1.25

    def findings(self, subject: Subject) -> Iterator[Finding]:
        ratios: dict[tuple[Convolution, TensorType], float] = {}
        for node, op in subject.convolutions:
            key = (op, node.operands[0].type)
            ratio = ratios.get(key)
            if ratio is None:
                ratio = ratios[key] = excess(node, op)
            if ratio <= self.threshold or is_depthwise(node, op) or is_network_input(node.operands[0]):
                continue
            if not is_network_output(node.outputs[0], subject.results, subject.readers):
                yield from _finding(node, op, ratio, subject.costs)


def excess(node: Node, op: Convolution) -> float:
    """Memory access of a convolution over its lower bound, the bias not counted; at least 1."""
    x, y = node.operands[0].type, node.outputs[0].type
    weights = prod(per_axis(op.kernel_size)) * x.shape[0] * y.shape[0] // op.groups
    return (x.elements + y.elements + weights) / (2 * sqrt(x.elements * y.elements) + weights)


def _finding(node: Node, op: Convolution, ratio: float, costs: Costs) -> Iterator[Finding]:
    x, y = node.operands[0].type, node.outputs[0].type
    wide, made = _balanced(x, y, op.groups)
    before = costs.of(node)
    after = costs.figures(edited(op, out_channels=made), (TensorType((wide, *x.shape[1:])),))
    if after.memory_access >= before.memory_access:
        return  # so few channels that rounding eats the gain
    size = written(y.shape[1:])
    message = (
        f"memory access is {ratio:.2f} times its lower bound: {x.shape[0]} channels in, {y.shape[0]} out at {size}"
    )
    yield Finding(
        node,
        ratio,
        message,
        f"{wide} channels in and {made} out",
        Gain("memory_access", before.memory_access, after.memory_access),
        (f"multiply-adds of the step then: {after.mult_adds:,} instead of {before.mult_adds:,}",),
    )


def _balanced(x: TensorType, y: TensorType, groups: int) -> tuple[int, int]:
    """Channels in and out with the same product and a1 c1 = a2 c2, as near as whole groups allow."""
    product = x.shape[0] * y.shape[0]
    read, made = prod(x.shape[1:]), prod(y.shape[1:])
    wide = max(1, round(sqrt(product * made / read) / groups)) * groups
    return wide, max(1, round(product / wide / groups)) * groups
