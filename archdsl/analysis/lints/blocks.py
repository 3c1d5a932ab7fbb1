"""Building blocks: the pieces of a network in which data flows side by side and comes together again.

The body of a cell is cut wherever a single value is alive: what lies between two cuts and merges several values is a
block. Cells within a cell that merges belong to its block (a combination within a NASNet cell); the network itself is
only taken for a block where it has no such cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archdsl.analysis.lints.patterns import is_fragment, is_merge
from archdsl.ir.graph import Node, Value
from archdsl.ir.hierarchy import Frame, Item, makes, reads


class Block(NamedTuple):
    """A building block.

    Attributes:
        frame: the cell call it is a part of.
        nodes: its steps, those of cells called in it included, in graph order.
        merge: the last step that brings values together.
    """

    frame: Frame
    nodes: tuple[Node, ...]
    merge: Node

    @property
    def fragments(self) -> list[Node]:
        """Its convolutions and poolings."""
        return [node for node in self.nodes if is_fragment(node)]

    def levels(self) -> dict[Node, int]:
        """For each fragment, the length of the longest chain of fragments that ends with it."""
        depth: dict[Value, int] = {}
        found: dict[Node, int] = {}
        for node in self.nodes:
            level = max((depth.get(value, 0) for value in node.operands), default=0)
            if is_fragment(node):
                level += 1
                found[node] = level
            depth.update(dict.fromkeys(node.outputs, level))
        return found


def blocks(root: Frame) -> Iterator[Block]:
    """The building blocks of a network, in graph order."""
    yield from _blocks(root, _holders(root))


def _blocks(frame: Frame, holders: set[Frame]) -> Iterator[Block]:
    for region in _regions(frame):
        merges = [item for item in region if isinstance(item, Node) and is_merge(item)]
        inner = [item for item in region if isinstance(item, Frame)]
        if merges and (frame.depth or holders.isdisjoint(inner)):
            yield Block(frame, tuple(_nodes(region)), merges[-1])
        else:
            for item in inner:
                if item in holders:
                    yield from _blocks(item, holders)


def _holders(root: Frame) -> set[Frame]:
    """The calls that merge values, and those around them."""
    found: set[Frame] = set()
    stack = [root]
    while stack:
        frame = stack.pop()
        stack.extend(item for item in frame.body if isinstance(item, Frame))
        if any(isinstance(item, Node) and is_merge(item) for item in frame.body):
            around: Frame | None = frame
            while around is not None and around not in found:
                found.add(around)
                around = around.parent
    return found


def _regions(frame: Frame) -> Iterator[list[Item]]:
    """The body in pieces between which only one value is handed on."""
    last: dict[Value, int] = {value: i for i, item in enumerate(frame.body) for value in reads(item)}
    last.update(dict.fromkeys(frame.outputs, len(frame.body)))
    ends: dict[int, int] = {}
    for position in last.values():
        ends[position] = ends.get(position, 0) + 1
    alive = sum(value in last for value in frame.inputs)
    region: list[Item] = []
    for position, item in enumerate(frame.body):
        region.append(item)
        alive += sum(value in last for value in makes(item)) - ends.get(position, 0)
        if alive <= 1:
            yield region
            region = []
    if region:
        yield region


def _nodes(items: Sequence[Item]) -> Iterator[Node]:
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        if isinstance(item, Node):
            yield item
        else:
            stack.extend(reversed(item.body))
