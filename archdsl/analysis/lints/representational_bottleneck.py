"""Representational bottlenecks: values through which everything must pass and which are much smaller than before.

A value is a bottleneck candidate if no other value is alive beside it in the order of the graph. What has passed a
small one is not made more by a larger one behind it: each is compared with the smallest so far, the input included.
Maps only, up to the first step that gives up height and width (the classifier's pooling), and not the result itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import ClassVar

from archdsl.analysis.lints.patterns import is_network_output, written
from archdsl.analysis.lints.rule import Finding, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Graph, Node, Value


@dataclass(frozen=True)
class RepresentationalBottleneck(Rule):
    """Steps behind which channels times height times width have dropped abruptly."""

    code: ClassVar[str] = "D0101"
    number: ClassVar[str] = "elements of the narrowest value so far over those of this one"

    threshold: float = 4.0

    def findings(self, subject: Subject) -> Iterator[Finding]:
        narrowest: Value | None = None
        for value in passages(subject.graph):
            if len(value.type.shape) != 3 or prod(value.type.shape[1:]) == 1:
                if narrowest is not None:
                    return
                continue
            if narrowest is not None and value.producer is not None:
                drop = narrowest.type.elements / value.type.elements
                if drop > self.threshold and not is_network_output(value, subject.results, subject.readers):
                    yield self._finding(value.producer, narrowest, value, drop)
            if narrowest is None or value.type.elements < narrowest.type.elements:
                narrowest = value

    def _finding(self, node: Node, before: Value, after: Value, drop: float) -> Finding:
        channels = ceil(before.type.elements / self.threshold / prod(after.type.shape[1:]))
        one, other = (written(value.type.shape) for value in (before, after))
        return Finding(
            node,
            drop,
            f"the representation shrinks {drop:.1f} times at once, from {one} to {other}",
            f"at least {channels} channels here, or shrink in several steps",
        )


def passages(graph: Graph) -> Iterator[Value]:
    """The values that everything passes through, in graph order: nothing else is alive beside them."""
    last: dict[Value, int] = {value: i for i, node in enumerate(graph.nodes) for value in node.operands}
    last.update(dict.fromkeys(graph.outputs.values(), len(graph.nodes)))
    alive = {value for value in graph.inputs.values() if value in last}
    if len(alive) == 1:
        yield from alive
    for position, node in enumerate(graph.nodes):
        alive.difference_update([value for value in node.operands if last[value] == position])
        made = [value for value in node.outputs if value in last]
        alive.update(made)
        if len(alive) == 1 and made:
            yield from alive
