"""Which texts need quotes, and the quotes they get."""

from __future__ import annotations

import re

from archdsl.spec.format.nodes import Branch, Leaf
from archdsl.spec.source.scalars import NotANumberError, TooLargeError, resolve

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\./[A-Za-z0-9_./-]+|[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z0-9_]+)+")
_IN_FLOW = re.compile(r"[A-Za-z_(][A-Za-z0-9_ .()+*/%<=>-]*")
_IN_BLOCK = re.compile(r"[A-Za-z_(][^\n]*")
# What readers of older YAML take for truth values.
_OLD_WORDS = frozenset(("y", "n", "yes", "no", "on", "off"))


def leaf_text(text: str, leaf: Leaf, flow: bool, key: bool = False, keep: bool = False) -> str:
    """A scalar that stands on one line, without quotes it does not need.

    Args:
        text: the whole text.
        leaf: the scalar.
        flow: whether it stands within brackets.
        key: whether it is a key.
        keep: whether its quotes stay though it could do without.
    """
    written = text[leaf.start : leaf.end]
    if leaf.style not in ("'", '"'):
        return written
    if not keep and not needs_quotes(leaf.value, flow, key):
        return leaf.value
    simple = leaf.value.isprintable() and not set('"\\') & set(leaf.value)
    return f'"{leaf.value}"' if simple else written


def keeps_quotes(sequence: Branch) -> bool:
    """Whether a list has a text that needs quotes: then all its quoted texts keep theirs, for evenness."""
    leaves = (item for item in sequence.items if isinstance(item, Leaf) and item.style in ("'", '"'))
    return not sequence.mapping and any(needs_quotes(leaf.value, flow=sequence.flow) for leaf in leaves)


def needs_quotes(value: str, flow: bool, key: bool = False) -> bool:
    """Whether a text would be read as something else, or not at all, without quotes."""
    if value.lower() in _OLD_WORDS or value != value.strip() or not value.isprintable() or not _is_text(value):
        return True
    if key:
        return _KEY.fullmatch(value) is None
    if flow:
        return _IN_FLOW.fullmatch(value) is None
    return _IN_BLOCK.fullmatch(value) is None or ": " in value or " #" in value or value.endswith(":")


def _is_text(value: str) -> bool:
    try:
        return resolve(value) == value
    except (TooLargeError, NotANumberError):
        return False
