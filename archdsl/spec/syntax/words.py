"""The keys of files and cells, and what may be used as a name."""

from __future__ import annotations

import re
from keyword import iskeyword

from archdsl.spec.expressions.reserved import HEADS, RESERVED, STEP_WORDS
from archdsl.spec.expressions.reserved import TYPE_NAMES as TYPES

FILE_KEYS = (
    *("archdsl", "name", "description", "references", "import", "params", "require", "inputs", "cells", "graph"),
    *("outputs", "variants", "decisions", "allow"),
)
CELL_KEYS = ("description", "inputs", "params", "require", "graph", "outputs")

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def is_identifier(text: str) -> bool:
    """Whether `text` has the form of a name: ASCII letters, digits and underscores."""
    return _IDENTIFIER.match(text) is not None


def is_file_name(text: str) -> bool:
    """Whether `text` can be the name of a network, and so the stem of a file on any system."""
    return len(text) <= 100 and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text) is not None


def why_no_name(text: str) -> str:
    """Why `text` cannot be a name, or an empty string if it can."""
    if not is_identifier(text):
        return f"`{text[:60]}` is not a name: use letters, digits and underscores, no digit first"
    if len(text) > 100:
        return "a name has at most 100 characters"
    if iskeyword(text):
        return f"`{text}` is a keyword of Python"
    if text in RESERVED:
        return f"`{text}` is a word of the language"
    return ""


__all__ = [
    "CELL_KEYS",
    "FILE_KEYS",
    "HEADS",
    "RESERVED",
    "STEP_WORDS",
    "TYPES",
    "is_file_name",
    "is_identifier",
    "why_no_name",
]
