"""What a written value hangs on: many are the same wherever the names in them stand for the same."""

from __future__ import annotations

from archdsl.ir.graph import Value
from archdsl.spec.elaborate.scopes import BoundStep
from archdsl.spec.expressions import ExpressionError, parse
from archdsl.spec.static.walk import cell_values, parts
from archdsl.spec.syntax.model import Cell, Constant, Listing, StepCall, Text, Written


def is_pure(written: Written) -> bool:
    """Whether what is written hangs on the visible names alone, and not on decisions, on what was read, on the form."""
    if isinstance(written, Listing):
        return all(map(is_pure, written.items))
    if isinstance(written, StepCall):
        return all(is_pure(attribute.value) for attribute in written.attributes)
    if isinstance(written, Text):
        return not reads_state(written.text) and "training" not in names_in(written)
    return isinstance(written, Constant)


def reads_state(text: str) -> bool:
    """Whether an expression may hang on what was read before."""
    return "unused" in text


def tracks_reads(cell: Cell) -> bool:
    """Whether an expression of a cell asks what was read."""
    return any(reads_state(part.text) for value in cell_values(cell) for part in parts(value) if isinstance(part, Text))


def names_in(written: Written) -> frozenset[str]:
    """The names that a pure value reads, callables included; none of what is no expression."""
    if isinstance(written, Listing):
        return frozenset().union(*map(names_in, written.items))
    if isinstance(written, StepCall):
        return frozenset((written.name,)).union(*(names_in(attribute.value) for attribute in written.attributes))
    if not isinstance(written, Text):
        return frozenset()
    try:
        return parse(written.text).names
    except ExpressionError:
        return frozenset()


def key_of(value: object) -> object:
    """A key that is equal for data which expressions can't tell apart: tensors can't be compared, only their types."""
    kind = type(value)
    if kind is int:
        return value
    if kind is Value:
        return value.type  # type: ignore[attr-defined]
    if kind is list:
        return list, tuple(map(key_of, value))  # type: ignore[call-overload]
    return kind, value  # 1, 1.0 and true are equal and not the same


def has_tensor(value: object) -> bool:
    """Whether there is a tensor in a value, or in an attribute of a step."""
    if isinstance(value, BoundStep):
        return any(has_tensor(given) for given, _ in value.attributes.values())
    return type(value) is Value or (type(value) is list and any(map(has_tensor, value)))
