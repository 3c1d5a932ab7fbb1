"""What a YAML or JSON file says, each piece with its place: the form in which the rest of `spec` reads files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from archdsl.diagnostics.span import Span

Tree: TypeAlias = "Scalar | Sequence | Mapping"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, a truth value, a text or nothing (`key:`).

    Attributes:
        value: by YAML 1.2's core schema: bool, int, float, str or None.
        text: the characters as the file has them, without quotes; where that takes several lines or escapes, what they
            stand for.
        quoted: whether it was quoted or is a `|` or `>` block (then `value` is always a str).
        content: where `text` stands, without the quotes, if it is one line written without escapes; else the span.
    """

    value: bool | int | float | str | None
    text: str
    span: Span
    quoted: bool
    content: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Tree, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value."""

    key: Scalar
    value: Tree


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order of the file, no key twice."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, key: str) -> Tree | None:
        """The value of `key`, or None."""
        return next((e.value for e in self.entries if e.key.text == key), None)
