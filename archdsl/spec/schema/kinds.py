"""Kinds of operator attributes, from pydantic annotations: as words for people and as JSON Schema for editors.

Both describe what a file may write, not what the model holds: a list stands for a tuple, and one number for a pair
where a validator spreads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

Schema: TypeAlias = "dict[str, Any]"

# Bounds that every number of the language has are not worth a word.
_UNIVERSAL = 2**53


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value may be.

    Attributes:
        text: for people: `int >= 1 or [int >= 1, int >= 1]`.
        schema: a draft 7 schema for the plain values; expressions and holes are not part of it.
    """

    text: str
    schema: Schema


def kind_of(field: FieldInfo) -> Kind:
    """The kind of an operator's attribute.

    Raises:
        TypeError: for an annotation that files can't write.
    """
    return _kind(field.annotation, list(field.metadata))


def _kind(annotation: Any, metadata: list[Any]) -> Kind:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(args[0], [*metadata, *_flat(args[1:])])
    if origin in (Union, UnionType):
        return _union(args, metadata)
    if origin is Literal:
        return _words(list(args))
    if origin is tuple:
        return _tuple(args, metadata)
    if annotation is bool:
        return Kind("bool", {"type": "boolean"})
    if annotation in (int, float):
        return _number(annotation, metadata)
    raise TypeError(f"attributes of kind {annotation} have no schema")


def _words(words: list[Any]) -> Kind:
    shown = [f"`{word}`" for word in words]
    text = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
    return Kind(text, {"enum": words})


def _flat(metadata: Any) -> list[Any]:
    """Constraints, those inside of `Field(...)` included."""
    found: list[Any] = []
    for entry in metadata:
        found.extend(entry.metadata if isinstance(entry, FieldInfo) else [entry])
    return found


def _number(annotation: Any, metadata: list[Any]) -> Kind:
    words = {"ge": ("minimum", ">="), "gt": ("exclusiveMinimum", ">"), "le": ("maximum", "<="), "lt": ("", "<")}
    words["lt"] = ("exclusiveMaximum", "<")
    schema: Schema = {"type": "integer" if annotation is int else "number"}
    said = []
    for name, (key, sign) in words.items():
        bound = next((getattr(m, name) for m in metadata if getattr(m, name, None) is not None), None)
        if bound is not None and abs(bound) != _UNIVERSAL:
            schema[key] = bound
            said.append(f"{sign} {bound}")
    if [s[:2] for s in said] == [">=", "<="]:
        said = [f"from {schema['minimum']} to {schema['maximum']}"]
    return Kind(" ".join([annotation.__name__, " and ".join(said)]).strip(), schema)


def _tuple(args: tuple[Any, ...], metadata: list[Any]) -> Kind:
    member = _kind(args[0], [])
    items = {"anyOf": [member.schema, {"$ref": "#/definitions/expression"}]}
    schema: Schema = {"type": "array", "items": items}
    if args[-1] is Ellipsis:
        least = next((m.min_length for m in metadata if getattr(m, "min_length", None)), None)
        if least:
            schema["minItems"] = least
        text = f"list of {member.text}"
    else:
        schema["minItems"] = schema["maxItems"] = len(args)
        text = f"[{', '.join(_kind(a, []).text for a in args)}]"
        if len({str(_kind(a, []).schema) for a in args}) == 1:
            text = f"list of {len(args)}"
    if any(isinstance(m, BeforeValidator) for m in metadata):
        return Kind(f"{member.text}, or {text}", {"anyOf": [member.schema, schema]})
    return Kind(text, schema)


def _union(args: tuple[Any, ...], metadata: list[Any]) -> Kind:
    words = [word for a in args if get_origin(a) is Literal for word in get_args(a)]
    others = [_kind(a, metadata) for a in args if a is not NoneType and get_origin(a) is not Literal]
    if words:
        others.append(_words(words))
    if len(others) == 1:
        return others[0]
    alternatives: list[Schema] = []
    for kind in others:
        alternatives.extend(kind.schema["anyOf"] if set(kind.schema) == {"anyOf"} else [kind.schema])
    return Kind(", or ".join(k.text for k in others), {"anyOf": alternatives})
