"""The lines of files that findings point at, cut and laid out so that a caret can stand under the right character."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from archdsl.diagnostics.span import Span

_LARGEST_FILE = 1 << 20
_TAB = "    "
_WIDEST = 100
_MORE = "..."


class Sources:
    """Reads files once; `texts` gives the content of those that are not on the disk, by the name in their spans."""

    def __init__(self, texts: dict[str, str] | None = None):
        self._lines: dict[str, list[str]] = {name: _split(text) for name, text in (texts or {}).items()}

    def line(self, file: str, number: int) -> str | None:
        """A line by its number from 1, or None where the file or the line is not there."""
        if file not in self._lines:
            self._lines[file] = _read(file)
        lines = self._lines[file]
        return lines[number - 1] if 1 <= number <= len(lines) else None


class Excerpt(NamedTuple):
    """A line as it is shown, and the columns under which the caret stands, both counted in cells of a terminal."""

    shown: str
    start: int
    width: int


def excerpt(line: str, span: Span) -> Excerpt:
    """Lays out the line in which a span begins: tabs as spaces, control characters replaced, long lines cut."""
    first = min(span.column - 1, len(line))
    last = len(line) if span.end_line > span.line else min(span.end_column - 1, len(line))
    last = max(last, first + 1)
    before, marked, after = line[:first], line[first:last], line[last:]
    cells, caret = _laid_out(before), _laid_out(marked)
    rest = _laid_out(after)
    start, width = cell_width(cells), max(1, cell_width(caret))
    if start + width + cell_width(rest) <= _WIDEST:
        return Excerpt(cells + caret + rest, start, width)
    if start > _WIDEST // 2:
        cells = _MORE + _tail(cells, _WIDEST // 2 - len(_MORE))
        start = cell_width(cells)
    room = _WIDEST - start - len(_MORE)
    shown = _head(caret + rest, room)
    cut = _MORE if len(shown) < len(caret + rest) else ""
    return Excerpt(cells + shown + cut, start, max(1, min(width, cell_width(shown))))


def printable(text: str) -> str:
    """The text without characters that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char in "\n\r\t" else "\ufffd" for char in text)


def cell_width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(0 if category(c) in ("Mn", "Me", "Cf") else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _laid_out(text: str) -> str:
    return printable(text.replace("\t", _TAB))


def _head(text: str, room: int) -> str:
    end = min(len(text), room)
    while end > 0 and cell_width(text[:end]) > room:
        end -= 1
    return text[:end]


def _tail(text: str, room: int) -> str:
    start = max(0, len(text) - room)
    while start < len(text) and cell_width(text[start:]) > room:
        start += 1
    return text[start:]


def _read(file: str) -> list[str]:
    try:
        path = Path(file)
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return []
        return _split(path.read_bytes().decode("utf-8", errors="replace"))
    except (OSError, ValueError):
        return []


def _split(text: str) -> list[str]:
    # Not splitlines, which also ends lines where no editor does.
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
