"""Lists that differ in numbers only: which numbers become parameters, and how others follow from these."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from archdsl.importing.rollup.naming import unique
from archdsl.importing.rollup.signatures import Slot, slots, value_of
from archdsl.importing.rollup.tree import FOR, REPEAT, Expression, Step
from archdsl.ir.graph import Value
from archdsl.ops.registry import operators
from archdsl.spec.expressions.reserved import RESERVED

LARGEST_FACTOR = 64


@dataclass(slots=True)
class Abstraction:
    """What makes one list of several.

    Attributes:
        values: for each parameter its value in each list.
        replaced: for slots of the first list, what stands there instead; None where nothing is to be written.
    """

    values: dict[str, list[Any]] = field(default_factory=dict)
    replaced: dict[tuple[Step, str], Any] = field(default_factory=dict)


def abstracted(
    lists: Sequence[Sequence[Step]],
    fits: Callable[[list[Any]], bool],
    entry: Sequence[Value] = (),
) -> Abstraction | None:
    """The parameters of lists with equal signatures.

    Args:
        lists: the lists.
        fits: whether values may be a parameter's.
        entry: the first input of each list, if they go into a cell. There `x.channels` can be written, and
            nothing that is computed from names of another place.

    Returns:
        None if they differ in something that can't be a parameter.
    """
    made = Abstraction()
    known: list[tuple[str, list[Any]]] = []
    channels = [value.type.shape[0] for value in entry if value.type.rank]
    if entry and len(channels) == len(lists):
        known.append(("x.channels", channels))
    for column in zip(*(list(slots(each)) for each in lists), strict=True):
        first, values = column[0], [value_of(slot) for slot in column]
        moved = bool(entry) and any(isinstance(value, Expression) for value in values)
        if not moved and all(_equal(value, values[0]) for value in values):
            _keep(made, column, values[0])
            continue
        if first.name == "padding" and "half" in values:
            return None
        expression = _derived(values, known)
        if expression is None and not fits(values):
            return None
        if expression is None:
            expression = _name(first.name, [name for name, _ in known])
            made.values[expression] = values
            known.append((expression, values))
        made.replaced[first.step, first.name] = Expression(expression, type_of(values))
    return made


def type_of(values: Sequence[Any]) -> str:
    """The type of a parameter that has these values."""
    kinds = {value.kind if isinstance(value, Expression) else type(value).__name__ for value in values}
    if kinds <= {"int", "float"}:
        return "int" if kinds == {"int"} else "float"
    return kinds.pop() if len(kinds) == 1 else "any"


def _keep(made: Abstraction, column: Sequence[Slot], value: Any) -> None:
    """An equal value stays as it is, but `half` is written only where some kernel is larger than 1."""
    first = column[0]
    if value == "half" and first.name == "padding":
        needed = any(slot.step.attributes.get("padding", 0) != 0 for slot in column)
        made.replaced[first.step, first.name] = "half" if needed else None


def _equal(one: Any, other: Any) -> bool:
    """Equality that keeps 1, 1.0 and true apart."""
    return repr(one) == repr(other)


def _derived(values: list[Any], known: Sequence[tuple[str, list[Any]]]) -> str | None:
    """The values as an expression over known ones: the same, a multiple, a part."""
    for name, others in known:
        if all(_equal(value, other) for value, other in zip(values, others, strict=True)):
            return name
    for name, others in known:
        if name == "x.channels" or not all(type(v) is int and v > 0 for v in (*values, *others)):
            continue
        for pattern, large, small in (("{} * {}", values, others), ("{1} // {0}", others, values)):
            factor, rest = divmod(large[0], small[0])
            exact = not rest and 1 < factor <= LARGEST_FACTOR
            if exact and all(a == factor * b for a, b in zip(large, small, strict=True)):
                return pattern.format(factor, name)
    return None


def _name(slot: str, used: Sequence[str]) -> str:
    base = {REPEAT: "depth", "out_channels": "channels", "out_features": "features"}.get(slot, slot.removeprefix(FOR))
    return unique(re.sub("_[b-z]$", "", base), {*used, *RESERVED, *operators()})


def apply(made: Abstraction) -> None:
    """Write the parameters into the first list."""
    for (step, name), value in made.replaced.items():
        if value is None:
            step.attributes.pop(name, None)
        else:
            step.attributes[name] = value


def is_number(value: Any) -> bool:
    """Whether a value is an integer or a float."""
    return isinstance(value, int | float) and not isinstance(value, bool)
