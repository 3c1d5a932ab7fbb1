"""Inputs of the network and parts of a split that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from archdsl.analysis.lints.rule import Finding, Rule
from archdsl.analysis.lints.subject import Subject

_SPLITS = {"split", "chunk"}


@dataclass(frozen=True)
class UnusedValues(Rule):
    """Inputs that no output depends on, and parts of `split` and `chunk` that are dropped while others are read.

    A part that another call of the same cell reads is left out.
    """

    code: ClassVar[str] = "D0110"
    number: ClassVar[str] = "elements of one sample that are made and dropped"
    form: ClassVar[Literal["inference", "training"]] = "training"

    def findings(self, subject: Subject) -> Iterator[Finding]:
        graph, alive = subject.graph, subject.alive
        read = {value for node in graph.nodes if node in alive for value in node.operands}
        read.update(graph.outputs.values())
        for name, value in graph.inputs.items():
            if value not in read:
                message = f"no output depends on the input `{name}`"
                yield Finding(None, value.type.elements, message, "remove it, or read it", input=name)
        splits = [node for node in graph.nodes if node.op.name in _SPLITS]
        needed = {(node.span, i) for node in splits for i, value in enumerate(node.outputs) if value in read}
        for node in splits:
            dropped = [i for i, value in enumerate(node.outputs) if value not in read]
            dropped = [i for i in dropped if node.span is None or (node.span, i) not in needed]
            if node in alive and dropped:
                elements = sum(node.outputs[i].type.elements for i in dropped)
                if elements > self.threshold:
                    parts = ", ".join(str(i + 1) for i in dropped)
                    message = f"{len(dropped)} of {len(node.outputs)} parts of `{node.op.name}` are never read"
                    edit = "`slice` takes one part only; or read the others"
                    yield Finding(node, elements, message, edit, None, (f"not read, counted from 1: {parts}",))
