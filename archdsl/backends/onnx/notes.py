"""What a node of our ONNX models says about the step it comes from, in its `doc_string`.

ONNX has no place for what matters in training only (the p of a dropout, momentum, how weights start), and writes
several nodes for one operator. The note has both, so that a model can be read back exactly. Readers must hold it
against the nodes: other programs may have changed those.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from archdsl.ir.graph import Node
from archdsl.types import TensorType


class Note(NamedTuple):
    """A note that was read.

    Attributes:
        step: which of the graph's nodes it is about.
        operator: its operator.
        attributes: those that aren't defaults.
        operands: types of what the node reads.
    """

    step: int
    operator: str
    attributes: dict[str, Any]
    operands: tuple[TensorType, ...]


def note_of(step: int, node: Node) -> str:
    """The note for the nodes that step number `step` becomes."""
    operands = [[t.dtype, *t.shape] for t in node.operand_types]
    written = {"step": step, "operator": node.op.name, "attributes": node.op.changed(), "operands": operands}
    return json.dumps(written)


def read_note(text: str) -> Note | None:
    """The note in a `doc_string`; None if it holds something else."""
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
        step, operator, attributes = found["step"], found["operator"], found["attributes"]
        operands = tuple([TensorType(tuple(map(int, sizes)), dtype) for dtype, *sizes in found["operands"]])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    known = isinstance(step, int) and isinstance(operator, str) and isinstance(attributes, dict)
    return Note(step, operator, attributes, operands) if known else None
