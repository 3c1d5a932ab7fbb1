"""A place in one line of text."""

from __future__ import annotations

import re


class Cursor:
    """Reads one line from left to right; blanks before each piece are skipped.

    Attributes:
        text: the line.
        number: its number, from 1.
        place: index of the piece that comes next.
        previous: index of the piece read last.
    """

    __slots__ = ("number", "place", "previous", "text")

    def __init__(self, text: str, number: int, place: int = 0):
        self.text = text
        self.number = number
        self.place = place
        self.previous = place
        self._skip()

    def looking_at(self, text: str) -> bool:
        """Whether `text` comes next."""
        return self.text.startswith(text, self.place)

    def take(self, text: str) -> bool:
        """Read `text` if it comes next."""
        if not self.text.startswith(text, self.place):
            return False
        self._advance(self.place + len(text))
        return True

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what matches the pattern, if that comes next."""
        found = pattern.match(self.text, self.place)
        if found is not None:
            self._advance(found.end())
        return found

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.place >= len(self.text)

    def _advance(self, end: int) -> None:
        self.previous, self.place = self.place, end
        self._skip()

    def _skip(self) -> None:
        while self.place < len(self.text) and self.text[self.place] == " ":
            self.place += 1
