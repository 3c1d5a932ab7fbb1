"""G4: element-wise operations are not free.

They do hardly any arithmetic and move as much as a convolution's maps. Counted are activations, sums, products,
concatenations, channel shuffles, scales and normalisation; not batch norm that follows a convolution or a linear layer
and folds into its weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.patterns import Readers, is_convolution, is_depthwise, is_normalization
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node

_FAMILIES = {"activation", "merging", "affine", "normalization"}
_MOVES = {"channel_shuffle", "pad_channels", "permute", "reshape"}
_FOLDING = {"convolution", "linear"}
_EDITS = {
    "activation": "leave it out where it does not pay, as behind a narrow layer",
    "normalization": "put it behind a convolution, into which it folds",
    "merging": "merge fewer or narrower values",
}
_SHOWN = 3


@dataclass(frozen=True)
class ElementwiseShare(Rule):
    """Networks that spend most of their memory access on element-wise steps. One finding for a network, at the step
    that moves most.

    With `depthwise`, depthwise convolutions are counted too, as the paper suggests.
    """

    code: ClassVar[str] = "G0401"
    short: ClassVar[str] = "G4"
    number: ClassVar[str] = "share of element-wise steps in the memory access of the network"
    claims: ClassVar[Quantity | None] = "memory_access"

    threshold: float = 0.6
    depthwise: bool = False

    def findings(self, subject: Subject) -> Iterator[Finding]:
        costs, reading = subject.costs, subject.readers
        total = 0
        steps: dict[object, list[Node]] = {}
        for node in subject.graph.nodes:
            if folds(node, reading):
                continue
            total += costs.of(node).memory_access
            if self._is_elementwise(node):
                steps.setdefault(node.span or node.path, []).append(node)
        traffic = {key: sum(costs.of(node).memory_access for node in nodes) for key, nodes in steps.items()}
        whole = sum(traffic.values())
        share = whole / total if total else 0.0
        if share <= self.threshold:
            return
        largest = sorted(traffic, key=lambda key: -traffic[key])[:_SHOWN]
        shown = ", ".join(f"`{steps[key][0].op.name}` {traffic[key] / total:.1%}" for key in largest)
        node, most = steps[largest[0]][0], traffic[largest[0]]
        yield Finding(
            node,
            share,
            f"element-wise steps make {share:.1%} of the memory access; `{node.op.name}` here moves most",
            _EDITS.get(node.op.family, "do without it where it does not pay"),
            Gain("memory_access", most, 0),
            (f"the steps that move most: {shown}", *_time(costs, steps.values())),
            about=tuple(steps[largest[0]]),
        )

    def _is_elementwise(self, node: Node) -> bool:
        if self.depthwise and is_convolution(node.op) and is_depthwise(node, node.op):
            return True
        return node.op.family in _FAMILIES or node.op.name in _MOVES


def _time(costs: Costs, steps: Iterable[Sequence[Node]]) -> Iterator[str]:
    """Their share of the time, where a device predicts it."""
    if costs.seconds:
        taken = sum(costs.seconds_of(node) for nodes in steps for node in nodes)
        yield f"they take {taken / costs.seconds:.1%} of the predicted time on {costs.device}"


def folds(node: Node, reading: Readers) -> bool:
    """Whether it is a batch norm that becomes a part of the convolution or linear layer in front of it."""
    producer = node.operands[0].producer if node.operands else None
    if not (is_normalization(node.op) and node.op.name.startswith("batch_norm")) or producer is None:
        return False
    return producer.op.family in _FOLDING and len(reading.get(node.operands[0], ())) == 1
