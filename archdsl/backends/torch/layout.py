"""Code as a small tree that is laid out like ruff's formatter would: one line if it fits, else one item per line.

A `Doc` is a tuple of parts: text, a `Group` in brackets, a `Chain` of infix operators, or a `Slot` that stands for a
literal and is filled in when it is known whether the literal becomes a parameter. Two pieces of code that are equal
up to literals are equal docs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

Part: TypeAlias = "str | Group | Chain | Slot"
Doc: TypeAlias = "tuple[Part, ...]"

# Broken brackets end in a comma, so the layout also stands at any greater length.
LINE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Group:
    """Items in brackets, separated by commas.

    With `trail` a single item keeps its comma (a tuple). A group with empty brackets gets round ones when broken.
    Without `commas` it is a bracketed expression.
    """

    open: str
    items: tuple[Doc, ...]
    close: str
    trail: bool = False
    commas: bool = True


@dataclass(frozen=True, slots=True)
class Chain:
    """`first symbol operand symbol operand ...`, evaluated from the left."""

    first: Doc
    rest: tuple[tuple[str, Doc], ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """The literal with this number."""

    index: int


def filled(doc: Doc, fill: Callable[[int], Doc]) -> Doc:
    """The doc with every slot replaced."""
    parts: list[Part] = []
    for part in doc:
        match part:
            case Slot(index):
                parts.extend(fill(index))
            case Group():
                parts.append(replace(part, items=tuple([filled(item, fill) for item in part.items])))
            case Chain(first, rest):
                operands = tuple([(symbol, filled(operand, fill)) for symbol, operand in rest])
                parts.append(Chain(filled(first, fill), operands))
            case _:
                parts.append(part)
    return tuple(parts)


def flat(doc: Doc) -> str:
    """The doc on one line. Slots must be filled."""
    parts = []
    for part in doc:
        if isinstance(part, Group):
            comma = "," if part.trail and len(part.items) == 1 else ""
            parts.append(part.open + ", ".join([flat(item) for item in part.items]) + comma + part.close)
        elif isinstance(part, Chain):
            parts.append(" ".join([flat(part.first), *[f"{symbol} {flat(operand)}" for symbol, operand in part.rest]]))
        else:
            assert isinstance(part, str)
            parts.append(part)
    return "".join(parts)


def bracketed(doc: Doc) -> Doc:
    """The doc in round brackets."""
    return (Group("(", (doc,), ")", commas=False),)


def layout(doc: Doc, indent: int, ending: str = "") -> Iterator[str]:
    """The lines of the doc, `indent` columns in; the last bracket is broken first, then those within it."""
    space = " " * indent
    line = flat(doc)
    at = None if indent + len(line) + len(ending) <= LINE_LENGTH else _broken_at(doc, indent)
    if at is None:
        yield space + line + ending
        return
    group = doc[at]
    if isinstance(group, Chain):
        *before, last = [("", group.first), *group.rest]
        for symbol, operand in before:
            yield from layout((f"{symbol} " if symbol else "", *operand), indent)
        yield from layout((f"{last[0]} ", *last[1]), indent, ending)
        return
    assert isinstance(group, Group)
    yield space + flat(doc[:at]) + (group.open or "(")
    for item in group.items:
        yield from layout(item, indent + 4, "," if group.commas else "")
    yield space + (group.close or ")") + flat(doc[at + 1 :]) + ending


def _broken_at(doc: Doc, indent: int) -> int | None:
    """Place of the last group before which the line still fits, or of the first; 0 for a chain by itself."""
    if len(doc) == 1 and isinstance(doc[0], Chain):
        return 0
    groups = [i for i, part in enumerate(doc) if isinstance(part, Group) and part.items]
    fitting = [i for i in groups if indent + len(flat(doc[:i])) < LINE_LENGTH]
    return fitting[-1] if fitting else groups[0] if groups else None
