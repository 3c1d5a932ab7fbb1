"""Where something stands in a file."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A range of characters in one file: lines and columns count from 1, the end column is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def start_of(cls, file: str) -> Span:
        """The first character of `file`, for mistakes that concern the file as a whole."""
        return cls(file, 1, 1, 1, 2)

    def part(self, offset: int, length: int) -> Span:
        """`length` characters from `offset` on, for a span that lies on one line; else the span itself."""
        if self.line != self.end_line:
            return self
        start = min(self.column + offset, self.end_column)
        return Span(self.file, self.line, start, self.line, max(start + 1, min(start + length, self.end_column)))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
