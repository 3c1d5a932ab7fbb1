"""The vocabulary of the language: words with a meaning of their own, which nothing in a file may be named."""

from __future__ import annotations

from keyword import kwlist
from typing import Final

from archdsl.spec.expressions.functions import FUNCTIONS
from archdsl.spec.expressions.values import WORDS

STEP_WORDS: Final = ("name", "from", "if", "for", "repeat", "collect", "share", "tie")
HEADS: Final = ("do", "branches", "choose")
TYPE_NAMES: Final = ("int", "float", "bool", "list", "step", "any")

RESERVED: Final = frozenset(
    (*STEP_WORDS, *HEADS, "take", *TYPE_NAMES, *FUNCTIONS, "true", "false", "training", *kwlist, *WORDS)
)
"Names that no value, cell, parameter, input or loop variable may have."
