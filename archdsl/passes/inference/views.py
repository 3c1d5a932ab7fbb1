"""Views: joins and splits that undo or repeat each other go.

Algebra, along one dimension:
    concat(split(x)) = x          all parts, in order; and where others are joined with them
    split(concat(x1, ..., xn)) = (x1, ..., xn)      parts of the same sizes
    concat(concat(x, y), z) = concat(x, y, z)       the inner one read by nobody else
    channel_shuffle(groups=1)(x) = x, slice of everything, pad by nothing, reshape to the same shape = x

Weights stay as they are. Where the channels end up in another order, see `channel_order`.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.graph import Graph, Node, Value
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.rewriting import Reading, Rewriting

SAME_SHAPE = frozenset({"reshape", "flatten", "squeeze", "center_crop"})


@dataclass(frozen=True, slots=True)
class Views:
    """Removes joins and splits that undo each other, and views of everything."""

    name: str = "views"

    def run(self, graph: Graph) -> PassResult:
        """The graph with fewer joins, splits and views."""
        reading = Reading(graph)
        rewriting = Rewriting(graph)
        places: list[str] = []
        for node in graph.nodes:
            operands = rewriting.all_now(node.operands)
            found = _parts(node, operands) or _nothing(node, operands)
            if found is not None:
                for old, new in zip(node.outputs, found, strict=True):
                    rewriting.replace(old, new)
                places.append(node.path)
                continue
            flat = _flattened(node, operands, reading)
            if len(flat) != len(operands):
                places.append(node.path)
            rewriting.keep(node, flat)
        if not places:
            return unchanged(graph)
        note = f"simplified {counted(len(places), 'join, split or view', 'joins, splits and views')}"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(places))


def _dim(node: Node) -> int:
    return int(node.op.canonical_attributes(node.operand_types)["dim"])


def _is_split(node: Node | None) -> bool:
    return node is not None and node.op.name in ("split", "chunk")


def _parts(node: Node, operands: list[Value]) -> tuple[Value, ...] | None:
    """What a join of all parts, or a split into what was joined, gives."""
    source = operands[0].producer if operands else None
    if source is None:
        return None
    if node.op.name == "concat" and _is_split(source) and tuple(operands) == source.outputs:
        return source.operands if _dim(node) == _dim(source) else None
    if _is_split(node) and source.op.name == "concat" and _dim(node) == _dim(source):
        same = node.output_types == source.operand_types
        return source.operands if same else None
    return None


def _nothing(node: Node, operands: list[Value]) -> tuple[Value, ...] | None:
    """The operand, if a view shows all of it as it is."""
    if len(operands) != 1 or node.output_types != node.operand_types:
        return None
    name, attributes = node.op.name, node.op.canonical_attributes(node.operand_types)
    same = (
        name in SAME_SHAPE
        or name in ("split", "chunk")
        or (name == "slice" and attributes["step"] == 1)
        or (name == "channel_shuffle" and attributes["groups"] in (1, node.operands[0].type.shape[0]))
        or (name == "pad" and not any(attributes["padding"]))
    )
    return (operands[0],) if same else None


def _flattened(node: Node, operands: list[Value], reading: Reading) -> list[Value]:
    """The operands of a join with those of joins that only it reads in their place."""
    if node.op.name != "concat":
        return operands
    found: list[Value] = []
    for old, value in zip(node.operands, operands, strict=True):
        inner = value.producer
        nested = inner is not None and inner.op.name == "concat" and reading.sole_reader(old) is node
        if nested and inner is not None and old.producer is not None and _dim(inner) == _dim(node):
            found += inner.operands
        else:
            found.append(value)
    return _unsplit(node, found)


def _unsplit(node: Node, operands: list[Value]) -> list[Value]:
    """The operands of a join with what was split in the place of all its parts."""
    found: list[Value] = []
    place = 0
    while place < len(operands):
        source = operands[place].producer
        parts = () if source is None or not _is_split(source) or _dim(source) != _dim(node) else source.outputs
        if len(parts) > 1 and tuple(operands[place : place + len(parts)]) == parts and source is not None:
            found += source.operands
            place += len(parts)
        else:
            found.append(operands[place])
            place += 1
    return found
