"""Schemas of the operators: their attributes, closed and documented."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

from archdsl.ops.base import Operator
from archdsl.spec.schema.kinds import Schema, kind_of


def operator_definitions(operators: Mapping[str, type[Operator]]) -> dict[str, Schema]:
    """Definitions `operator.NAME` of the attributes of each operator, and those of the kinds they share.

    No attribute is required there: a step given as a value may leave attributes to whoever calls it.
    """
    kinds: dict[str, str] = {}
    definitions: dict[str, Schema] = {}
    for name, operator in operators.items():
        properties: dict[str, Schema] = {}
        for attribute, field in operator.model_fields.items():
            kind = kind_of(field)
            reference = kinds.setdefault(kind.text, f"kind.{len(kinds) + 1}")
            definitions[reference] = _or_computed(kind.schema, kind.text)
            properties[attribute] = _attribute(field.description or "", kind.text, field.default, reference)
        definitions[f"operator.{name}"] = {
            "description": summary(operator),
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": False,
        }
    return definitions


def required_attributes(operator: type[Operator]) -> list[str]:
    """The attributes that a call must give."""
    return [name for name, field in operator.model_fields.items() if field.is_required()]


def summary(operator: type[Operator]) -> str:
    """The first paragraph of an operator's documentation, on one line."""
    return " ".join(cleandoc(operator.__doc__ or "").split("\n\n")[0].split())


def _or_computed(schema: Schema, text: str) -> Schema:
    plain = schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
    computed = [{"$ref": "#/definitions/expression"}, {"$ref": "#/definitions/hole"}]
    return {"title": text, "anyOf": [*plain, *computed]}


def _attribute(description: str, kind: str, default: Any, reference: str) -> Schema:
    schema: Schema = {
        "description": f"{description} ({kind})".strip(),
        "allOf": [{"$ref": f"#/definitions/{reference}"}],
    }
    if isinstance(default, bool | int | float | str):
        schema["default"] = default
    elif isinstance(default, tuple):
        schema["default"] = list(default)
    return schema
