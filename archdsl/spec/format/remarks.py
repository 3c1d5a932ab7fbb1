"""Comments and empty lines: what stands in a file between its values."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from archdsl.spec.format.nodes import Branch, Leaf, Node

_COMMENT = re.compile(r"(?:(?<=\s)|(?<![^\n]))#[^\n]*")


class Remarks:
    """The comments of a text.

    Attributes:
        trailing: by line (from 0), the column and text of a comment behind a value.
        alone: by line, column and text of a comment on a line of its own; an empty text is an empty line.
    """

    def __init__(self, text: str, root: Branch):
        self.trailing: dict[int, tuple[int, str]] = {}
        self.alone: dict[int, tuple[int, str]] = {}
        self._starts = [0, *(i + 1 for i, char in enumerate(text) if char == "\n")]
        position, ended_on = 0, -1
        for start, end in [*_solid(text, root), (len(text), len(text))]:
            for comment in _COMMENT.finditer(text, position, start):
                line = self._line_of(comment.start())
                place = (comment.start() - self._starts[line], comment.group().rstrip())
                (self.trailing if ended_on == line else self.alone)[line] = place
            for line in range(self._line_of(position) + 1, self._line_of(start)):
                if not text[self._starts[line] : self._starts[line + 1]].strip():
                    self.alone[line] = (0, "")
            position, ended_on = end, self._line_of(end)

    def _line_of(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def between(self, first: int, last: int) -> Iterator[tuple[int, str]]:
        """Comments and empty lines of their own, from line `first` up to, not including, `last`."""
        for line in range(first, min(last, len(self._starts))):
            if line in self.alone:
                yield self.alone[line]


def _solid(text: str, node: Node) -> list[tuple[int, int]]:
    """The pieces that hold no comments of the block structure: scalars, and lists and mappings in brackets."""
    if isinstance(node, Leaf) or node.flow:
        return [(node.start, node.end)]
    return [piece for item in node.items for piece in _solid(text, item)]
