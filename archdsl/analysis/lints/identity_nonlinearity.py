"""A non-linearity on the identity path of a row of residual units.

With x' = f(x + F(x)) the signal passes f once for each unit; with x' = x + F(x) it reaches every unit, and the
gradient every earlier one, unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from archdsl.analysis.lints.patterns import Readers, behind, is_activation, next_nodes
from archdsl.analysis.lints.rule import Finding, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node


@dataclass(frozen=True)
class IdentityNonlinearity(Rule):
    """Activations between one sum and the next along an identity shortcut, where many stand in a row.

    The source finds little difference in short rows: hence the threshold.
    """

    code: ClassVar[str] = "D0106"
    number: ClassVar[str] = "non-linearities in a row along one identity path"

    threshold: float = 8

    def findings(self, subject: Subject) -> Iterator[Finding]:
        reading = subject.readers
        row: dict[Node, int] = {}
        rows: list[list[Node]] = []
        for node in subject.graph.nodes:
            if not (is_activation(node.op) and _is_add(behind(node.operands[0])) and _is_shortcut(node, reading)):
                continue
            before = _earlier(node, row)
            if before is None:
                row[node] = len(rows)
                rows.append([node])
            else:
                row[node] = before
                rows[before].append(node)
        for members in rows:
            if len(members) > self.threshold:
                for node in members:
                    message = f"`{node.op.name}` stands on the identity path, {len(members)} times in a row"
                    yield Finding(node, len(members), message, "move it into the residual branch (pre-activation)")


def _is_add(node: Node | None) -> bool:
    return node is not None and node.op.name == "add" and len(node.operands) > 1


def _is_shortcut(node: Node, reading: Readers) -> bool:
    """Whether the value goes straight into a sum, and into something else beside it."""
    found = list(next_nodes(node.outputs[0], reading))
    return len(found) > 1 and any(_is_add(reader) for reader in found)


def _earlier(node: Node, row: dict[Node, int]) -> int | None:
    """The row of the activation from which the shortcut into this one's sum comes."""
    total = behind(node.operands[0])
    assert total is not None
    for value in total.operands:
        maker = behind(value)
        if maker is not None and maker in row:
            return row[maker]
    return None
