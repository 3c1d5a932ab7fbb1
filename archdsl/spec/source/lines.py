"""From a position in a text to line and column."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from archdsl.diagnostics.span import Span


class Lines:
    """The lines of one text, in which each line ends with a single newline character."""

    def __init__(self, text: str, display: str):
        self.text = text
        self.display = display

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The characters from `start` up to `end`, at least one wide."""
        line, column = self.place(start)
        end_line, end_column = self.place(max(start, end))
        if (end_line, end_column) <= (line, column):
            end_line, end_column = line, column + 1
        return Span(self.display, line, column, end_line, end_column)

    def offset(self, line: int, column: int) -> int:
        """The character at a line and column that count from 0, as the marks of the YAML parser do."""
        return min(self._starts[line] + column, len(self.text)) if line < len(self._starts) else len(self.text)

    def line(self, number: int) -> str:
        """A line by its number from 1, without its newline; empty where there is none."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]
