"""Steps that no output depends on: they are computed for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node


@dataclass(frozen=True)
class DeadSteps(Rule):
    """Branches whose result nobody reads, in inference nor in training. The finding is at the last step of each.

    A step of a cell that is dead in one call and needed in another is left out: the compiler removes it there.
    """

    code: ClassVar[str] = "D0109"
    number: ClassVar[str] = "steps of the branch"
    claims: ClassVar[Quantity | None] = "mult_adds"
    form: ClassVar[Literal["inference", "training"]] = "training"

    def findings(self, subject: Subject) -> Iterator[Finding]:
        alive, reading = subject.alive, subject.readers
        if len(alive) == len(subject.graph.nodes):
            return
        taken: set[Node] = set()
        needed = {node.span for node in alive if node.span is not None}
        for node in subject.graph.nodes:
            if node not in alive and node.span not in needed and not any(reading.get(value) for value in node.outputs):
                branch = _branch(node, alive, taken)
                if len(branch) > self.threshold:
                    work = sum(subject.costs.of(step).mult_adds for step in branch)
                    noun = "step" if len(branch) == 1 else "steps"
                    message = f"no output depends on this: {len(branch)} {noun} for nothing"
                    yield Finding(node, len(branch), message, "remove it, or read it", Gain("mult_adds", work, 0))


def _branch(last: Node, alive: set[Node], taken: set[Node]) -> list[Node]:
    """The dead steps that lead to one, without those that another branch has already."""
    found: list[Node] = []
    stack: list[Node | None] = [last]
    while stack:
        node = stack.pop()
        if node is not None and node not in alive and node not in taken:
            taken.add(node)
            found.append(node)
            stack.extend(value.producer for value in node.operands)
    return found
