"""A rectifier on the output of a narrow bottleneck.

Where many channels are squeezed into few, and these are widened again, a rectifier in the narrow place sets a part of
the few numbers to zero: information that the wide layers on both sides had is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from archdsl.analysis.lints.patterns import PASSING, Readers, behind, is_convolution, next_nodes
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node

# Those that set half of the numbers to zero.
_RECTIFIERS = {"relu", "relu6"}
_BETWEEN = PASSING | {"batch_norm1d", "batch_norm2d"}


@dataclass(frozen=True)
class NarrowNonlinearity(Rule):
    """Rectified maps that are made from several times as many channels and widened by as much right behind."""

    code: ClassVar[str] = "D0105"
    number: ClassVar[str] = "channels before and behind, the fewer of them, over those of the bottleneck"
    claims: ClassVar[Quantity | None] = "memory_access"

    threshold: float = 2.5

    def findings(self, subject: Subject) -> Iterator[Finding]:
        for node in subject.graph.nodes:
            if node.op.name not in _RECTIFIERS or prod(node.outputs[0].type.shape[1:]) == 1:
                continue
            before, after = _width_before(node), _width_behind(node, subject.readers)
            width = node.outputs[0].type.shape[0] if node.outputs[0].type.shape else 1
            ratio = min(before, after) / width
            if ratio > self.threshold:
                message = f"a `{node.op.name}` on {width} channels, between {before} before and {after} behind"
                gain = Gain("memory_access", subject.costs.of(node).memory_access, 0)
                yield Finding(node, ratio, message, "leave the non-linearity out", gain)


def _width_before(node: Node) -> int:
    """Channels that the convolution in front reads; 0 if there is none."""
    maker = behind(node.operands[0], _BETWEEN)
    return maker.operands[0].type.shape[0] if maker is not None and is_convolution(maker.op) else 0


def _width_behind(node: Node, reading: Readers) -> int:
    """Channels that the convolutions behind make together; 0 if something else reads the value."""
    found = list(next_nodes(node.outputs[0], reading))
    if not all(is_convolution(reader.op) for reader in found):
        return 0
    return sum(reader.outputs[0].type.shape[0] for reader in found)
