"""JSON laid out anew: what fits stays on one line, everything else takes a line for each member."""

from __future__ import annotations

import json

from archdsl.spec.source.tree import Mapping, Scalar, Sequence, Tree

_WIDEST = 100
_INDENT = 2


def laid_out_json(tree: Tree) -> str:
    """The layout of a tree that was read from JSON; numbers keep the way they are written."""
    return _written(tree, 0, 0) + "\n"


def _written(tree: Tree, indent: int, used: int) -> str:
    """A value that begins in a line indented by `indent`, in which `used` characters stand before it."""
    if isinstance(tree, Scalar):
        return json.dumps(tree.value, ensure_ascii=False) if tree.quoted else tree.text
    if (indent and _flat(tree)) or not _members(tree):
        short = _on_one_line(tree)
        if indent + used + len(short) <= _WIDEST or not _members(tree):
            return short
    inner = indent + _INDENT
    members = [f"{name}{_written(value, inner, len(name))}" for name, value in _members(tree)]
    opening, closing = "{}" if isinstance(tree, Mapping) else "[]"
    lines = f",\n{' ' * inner}".join(members)
    return f"{opening}\n{' ' * inner}{lines}\n{' ' * indent}{closing}"


def _flat(tree: Sequence | Mapping) -> bool:
    """Whether nothing below holds a list or mapping of its own that is not empty, one level excepted."""
    return all(isinstance(value, Scalar) or not _members(value) or _leaves(value) for _, value in _members(tree))


def _leaves(tree: Sequence | Mapping) -> bool:
    return all(isinstance(value, Scalar) or not _members(value) for _, value in _members(tree))


def _on_one_line(tree: Tree) -> str:
    if isinstance(tree, Scalar):
        return _written(tree, 0, 0)
    opening, closing = "{}" if isinstance(tree, Mapping) else "[]"
    return opening + ", ".join(f"{name}{_on_one_line(value)}" for name, value in _members(tree)) + closing


def _members(tree: Sequence | Mapping) -> list[tuple[str, Tree]]:
    """The members with what stands in front of each."""
    if isinstance(tree, Sequence):
        return [("", item) for item in tree.items]
    return [(f"{json.dumps(entry.key.text, ensure_ascii=False)}: ", entry.value) for entry in tree.entries]
