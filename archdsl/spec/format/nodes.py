"""YAML text as nodes that know their style and where they stand in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from archdsl.spec.source.yaml_builder import LOADER


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar: `style` is empty for a plain one, else its quote, `|` or `>`; offsets count characters."""

    value: str
    style: str
    start: int
    end: int
    line: int
    column: int


@dataclass(slots=True)
class Branch:
    """A list, or a mapping whose items alternate between key and value."""

    mapping: bool
    flow: bool
    start: int
    line: int
    column: int
    end: int = 0
    items: list[Node] = field(default_factory=list)

    def pairs(self) -> list[tuple[Leaf, Node]]:
        """Keys with their values, of a mapping."""
        keys = [item for item in self.items[::2] if isinstance(item, Leaf)]
        return list(zip(keys, self.items[1::2], strict=True))


Node: TypeAlias = "Leaf | Branch"


def read_nodes(text: str) -> Branch:
    """The root mapping of a text that is known to be valid."""
    stack: list[Branch] = []
    root: Branch | None = None
    event: Any
    for event in yaml.parse(text, Loader=LOADER):
        node: Node
        kind = type(event)
        if kind is yaml.ScalarEvent:
            node = _leaf(text, event)
        elif kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            mark = event.start_mark
            mapping = kind is yaml.MappingStartEvent
            stack.append(Branch(mapping, bool(event.flow_style), mark.index, mark.line, mark.column))
            continue
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            node = stack.pop()
            node.end = event.end_mark.index
        else:
            continue
        if stack:
            stack[-1].items.append(node)
        else:
            assert isinstance(node, Branch)
            root = node
    assert root is not None
    return root


def _leaf(text: str, event: Any) -> Leaf:
    start, end, style = event.start_mark, event.end_mark.index, event.style or ""
    if style in ("|", ">"):
        body = text[start.index : end]
        kept = "+" in body.split("\n", 1)[0].split("#")[0]
        # The parser's end is behind the newlines that follow a block; `+` makes them part of it.
        end = start.index + len(body if kept else body.rstrip())
    return Leaf(event.value, style, start.index, end, start.line, start.column)
