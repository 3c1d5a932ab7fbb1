"""What the parameters of a callable take: attributes of operators, parameters of cells."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from archdsl.diagnostics.suggest import nearest
from archdsl.ops.base import Operator
from archdsl.spec.expressions import STEP_WORDS
from archdsl.spec.syntax.model import Cell


class ParameterKind(NamedTuple):
    """`takes`: a step, data, or either. `words`: further words that mean themselves in its expressions."""

    takes: Literal["step", "data", "any"]
    words: frozenset[str] = frozenset()


# What torch's modules are told, and an operator sees.
_FROM_OPERAND = frozenset({"in_channels", "in_features", "num_features", "num_channels", "input_size"})

_DATA = ParameterKind("data")
_STEP = ParameterKind("step")
_ANY = ParameterKind("any")


def parameter_kind(target: Cell | type[Operator], name: str) -> ParameterKind | None:
    """What the parameter takes; None if the callable has none of this name."""
    if isinstance(target, type):
        return _attribute_kind(target, name)
    if name not in target.params:
        return None
    if target.params[name].type == "any":
        return _ANY
    return _STEP if target.kinds.get(name) == "step" else _DATA


@cache
def _attribute_kind(target: type[Operator], name: str) -> ParameterKind | None:
    field = target.model_fields.get(name)
    if field is None:
        return None
    words = frozenset(_words(field.annotation))
    return ParameterKind("data", words) if words else _DATA


def _words(annotation: Any) -> set[str]:
    origin = get_origin(annotation)
    if origin is Literal:
        return {word for word in get_args(annotation) if isinstance(word, str)}
    if origin in (Union, UnionType, Annotated, tuple):
        return {word for inner in get_args(annotation) for word in _words(inner)}
    return set()


def parameter_names(target: Cell | type[Operator]) -> list[str]:
    """The parameters of a callable, in order."""
    return list(target.model_fields) if isinstance(target, type) else list(target.params)


def meant_attribute(attribute: str, target: Cell | type[Operator]) -> str:
    """The attribute that an unknown one was probably meant to be, or an empty string: `kernel` for `kernel_size`."""
    known = parameter_names(target)
    longer = [name for name in known if len(attribute) > 2 and name.startswith(f"{attribute}_")]
    return nearest(attribute, known) or (longer[0] if len(longer) == 1 else "")


def unknown_attribute(name: str, target: Cell | type[Operator], attribute: str) -> tuple[str, str]:
    """Message and hint for an attribute that the callable does not have."""
    message = f"`{name}` has no attribute `{attribute}`"
    if attribute in STEP_WORDS:
        return message, f"`{attribute}` is a step word: it stands beside `{name}`, not under it"
    if isinstance(target, type) and attribute in _FROM_OPERAND:
        return message, "leave it out: it is read from the operand"
    known = parameter_names(target)
    close = meant_attribute(attribute, target)
    return message, f"did you mean `{close}`?" if close else ("it has " + ", ".join(known) if known else "it has none")


def required(target: Cell | type[Operator]) -> tuple[str, ...]:
    """The parameters that have no default."""
    return _required(target) if isinstance(target, type) else target.required


@cache
def _required(target: type[Operator]) -> tuple[str, ...]:
    return tuple(name for name, field in target.model_fields.items() if field.is_required())
