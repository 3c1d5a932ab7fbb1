"""The words of the language: keys of files, cells and steps, and what may not be used as a name."""

from __future__ import annotations

import re
from keyword import iskeyword, issoftkeyword

FILE_KEYS = (
    "archdsl name description references import params require inputs cells graph outputs variants decisions allow"
).split()
CELL_KEYS = "description inputs params require graph outputs".split()
STEP_WORDS = "name from if for repeat collect share tie".split()
HEADS = "do branches choose".split()
TYPES = "int float bool list step any".split()
FUNCTIONS = (
    "len min max sum abs round floor ceil sqrt range reversed all any make_divisible unused"
).split()  # fmt: skip
CONSTANT_WORDS = "same half nearest bilinear bicubic zeros reflect replicate float32 int64".split()

RESERVED = frozenset([*STEP_WORDS, *HEADS, "take", *TYPES, *FUNCTIONS, "true", "false", "training", *CONSTANT_WORDS])

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def is_identifier(text: str) -> bool:
    """Whether `text` has the form of a name: ASCII letters, digits and underscores."""
    return _IDENTIFIER.match(text) is not None


def why_no_name(text: str) -> str:
    """Why `text` cannot be a name, or an empty string if it can."""
    if not is_identifier(text):
        return f"`{text[:60]}` is not a name: use letters, digits and underscores, no digit first"
    if len(text) > 100:
        return "a name has at most 100 characters"
    if text in RESERVED:
        return f"`{text}` is a word of the language"
    if iskeyword(text) or (issoftkeyword(text) and text not in ("_", "type")) or text in ("True", "False", "None"):
        return f"`{text}` is a keyword of Python"
    return ""
