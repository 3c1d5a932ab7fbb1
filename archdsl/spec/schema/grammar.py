"""Schemas of everything in a file but operators: values, steps, cells and the file's own keys."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.ops.base import Operator
from archdsl.spec.expressions.reserved import HEADS, RESERVED, STEP_WORDS
from archdsl.spec.schema.attributes import required_attributes, summary
from archdsl.spec.schema.heads import FIRST_RUNG
from archdsl.spec.schema.kinds import Schema

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
LABEL = r"^([A-Za-z_][A-Za-z0-9_]*|[-+]?[0-9.]+([eE][-+]?[0-9]+)?)$"
# No `..`, no URL, no absolute path.
IMPORT = r"^(?!.*(\.\.|//|:|\\))(\./)?[^/.].*$"
CODE = r"^[WGD][0-9]{4}$"


def ref(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def mapping(values: Schema, keys: Schema | None = None, least: int = 0) -> Schema:
    """Keys (by default names) with values of one kind; `key:` with nothing behind it is an empty mapping."""
    schema: Schema = {"propertyNames": keys or ref("name"), "additionalProperties": values}
    return {"type": "object", "minProperties": least, **schema} if least else {"type": ["object", "null"], **schema}


def value_definitions(operators: Mapping[str, type[Operator]]) -> dict[str, Schema]:
    """Names, expressions, holes, labels, and values in general."""
    hole_or_step: Schema = {
        "if": {"anyOf": [{"required": ["choose"]}, {"required": ["take"]}]},
        "then": ref("hole"),
        "else": ref("step_value"),
    }
    kinds = ["boolean", "number", "string", "array", "object"]
    return {
        "name": {"type": "string", "pattern": NAME, "maxLength": 100, "not": {"enum": sorted(RESERVED)}},
        "expression": {"description": "An expression.", "type": "string", "minLength": 1},
        "value": {
            "description": "A number, an expression, a list, a hole or a step.",
            "type": kinds,
            "items": ref("value"),
            "allOf": [{"if": {"type": "object"}, "then": hole_or_step}],
        },
        "hole": {
            "description": "A decision: one of the options, or with `take` several distinct ones.",
            "type": "object",
            "required": ["choose"],
            "additionalProperties": False,
            "properties": {
                "choose": {
                    "description": "The options: a list, values by label, or an expression that gives a list.",
                    "type": ["array", "object", "string"],
                    "minItems": 1,
                    "items": {"allOf": [ref("value")], "not": {"type": "object"}},
                    "minProperties": 1,
                    "propertyNames": {"pattern": LABEL},
                    "additionalProperties": ref("value"),
                },
                "take": {
                    "description": "How many options are taken together: a number, or a list of possible numbers.",
                    "type": ["integer", "string", "array"],
                    "minimum": 0,
                    "items": {"type": ["integer", "string"]},
                },
            },
        },
        "arguments": {"description": "Attributes of a cell.", **mapping(ref("value"))},
        "step_value": {
            "description": "A step as a value: a callable, with some of its attributes.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": ref("name"),
            "properties": {name: ref(f"operator.{name}") for name in operators},
            "additionalProperties": ref("arguments"),
        },
        "label": {"type": ["boolean", "number", "string", "array"], "items": ref("label")},
        "decisions": {"type": ["object", "null"], "additionalProperties": ref("label")},
    }


def _or_hole(kinds: list[str], **more: object) -> Schema:
    """A value of these kinds, or a hole (the only mapping)."""
    return {"type": [*kinds, "object"], "if": {"type": "object"}, "then": ref("hole"), **more}


STEP_WORD_SCHEMAS: dict[str, Schema] = {
    "name": {
        "description": "Name of the result; a list of names unpacks several results.",
        "if": {"type": "array"},
        "then": {"minItems": 1, "items": ref("name"), "uniqueItems": True},
        "else": ref("name"),
    },
    "from": {
        "description": "What the step reads: `a` or `[a, b]`; an inner list is one argument that is a list.",
        "allOf": [ref("arguments_read")],
    },
    "if": {"description": "Whether the step is there.", **_or_hole(["boolean", "string"])},
    "for": {
        "description": "Loop variables: a count, a list of numbers or a list of values each; equal lengths.",
        **mapping(_or_hole(["integer", "string", "array"], minimum=0, items=ref("value")), least=1),
    },
    "repeat": {"description": "How many copies.", **_or_hole(["integer", "string"], minimum=0)},
    "collect": {
        "description": "Lists of a name of the body, one member for each round.",
        **mapping(ref("name"), least=1),
    },
    "share": {"description": "Key of one set of weights.", "allOf": [ref("name")]},
    "tie": {"description": "Key of one set of decisions.", "allOf": [ref("name")]},
}

HEAD_SCHEMAS: dict[str, Schema] = {
    "do": {"description": "Groups steps.", "allOf": [ref("body")]},
    "branches": {
        "description": "Bodies that all read the step's values; all their results, in order.",
        "type": "array",
        "items": ref("body"),
    },
    "choose": {
        "description": "A decision between bodies: by label, or a list of callables.",
        "type": ["object", "array"],
        "minItems": 1,
        "items": ref("name"),
        "minProperties": 1,
        "propertyNames": {"pattern": LABEL},
        "additionalProperties": ref("body"),
    },
}


def _head(name: str, operator: type[Operator]) -> Schema:
    required = required_attributes(operator)
    schema: Schema = {"description": summary(operator), "allOf": [ref(f"operator.{name}")]}
    return {**schema, "type": "object", "required": required} if required else schema


def step_definitions(operators: Mapping[str, type[Operator]]) -> dict[str, Schema]:
    """Bodies and steps."""
    heads = {name: _head(name, operator) for name, operator in operators.items()}
    incomplete = [name for name, operator in operators.items() if required_attributes(operator)]
    not_keys = sorted(RESERVED - set(STEP_WORDS) - set(HEADS))
    step: Schema = {
        "description": "A step: a callable's name, or a mapping with one head and step words.",
        "type": ["string", "object"],
        "pattern": NAME,
        "not": {"enum": sorted(RESERVED | set(incomplete))},
        "propertyNames": {"pattern": NAME, "not": {"enum": not_keys}},
        "properties": {**STEP_WORD_SCHEMAS, **HEAD_SCHEMAS, **heads},
        "additionalProperties": ref("arguments"),
        "dependencies": {"collect": ["for", "do"], "repeat": {"not": {"required": ["for"]}}},
        "allOf": [{"$ref": FIRST_RUNG}],
    }
    return {
        "body": {
            "description": "A step, or a list of steps; an empty list does nothing.",
            "if": {"type": "array"},
            "then": {"items": ref("step")},
            "else": ref("step"),
        },
        "step": step,
        "arguments_read": {
            "type": ["string", "array", "object"],
            "items": {"type": ["string", "array", "object"], "allOf": [ref("arguments_read")]},
            "allOf": [{"if": {"type": "object"}, "then": ref("hole")}],
        },
    }


def cell_definitions() -> dict[str, Schema]:
    """Parameters, outputs and cells."""
    outputs: Schema = {
        "description": "Names or expressions, in order; or expressions by name. Absent ones drop out.",
        "type": ["array", "object"],
        "items": {"type": ["string", "array"]},
        "propertyNames": ref("name"),
        "additionalProperties": {"type": ["string", "array"]},
    }
    parameters = mapping(ref("value"))
    return {
        "params": {
            "description": "Parameters: a type (`int float bool list step any`) or a default each.",
            **parameters,
        },
        "require": {
            "description": "Conditions that must hold.",
            "type": ["array", "string", "boolean"],
            "items": {"type": ["string", "boolean"]},
        },
        "outputs": outputs,
        "cell": {
            "description": "A cell: a function from values to values.",
            "type": "object",
            "required": ["graph"],
            "additionalProperties": False,
            "properties": {
                "description": {"type": "string"},
                "inputs": {"description": "Names, by default [x].", "type": "array", "items": ref("name")},
                "params": ref("params"),
                "require": ref("require"),
                "graph": ref("body"),
                "outputs": ref("outputs"),
            },
        },
    }


def file_schema() -> Schema:
    """The file's own keys."""
    shape: Schema = {
        "description": "Sizes of one sample; the batch dimension is implicit.",
        "type": ["array", "string"],
        "items": _or_hole(["integer", "string"], minimum=1),
    }
    typed: Schema = {
        "type": "object",
        "required": ["shape"],
        "additionalProperties": False,
        "properties": {"shape": shape, "dtype": {"enum": ["float32", "int64"]}},
    }
    variant: Schema = {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {"params": mapping(ref("value")), "decisions": ref("decisions")},
    }
    allowance: Schema = {
        "type": "object",
        "required": ["code", "reason"],
        "additionalProperties": False,
        "properties": {"code": {"type": "string", "pattern": CODE}, "reason": {"type": "string"}},
    }
    imported: Schema = {"type": "array", "items": ref("name"), "uniqueItems": True}
    return {
        "type": "object",
        "required": ["archdsl", "name"],
        "additionalProperties": False,
        "anyOf": [{"required": ["graph"]}, {"required": ["cells"]}],
        "dependencies": {
            "graph": ["inputs"],
            **{key: ["graph"] for key in ("params", "require", "inputs", "outputs", "variants", "decisions")},
        },
        "properties": {
            "archdsl": {"description": "Version of the language.", "type": "integer", "const": 1},
            "name": {"description": "Name of the network or library.", "type": "string", "minLength": 1},
            "description": {"type": "string"},
            "references": {"description": "Where it comes from.", "type": "array", "items": {"type": "string"}},
            "import": {
                "description": "Cells of other files: `./` is this file's folder, anything else the library.",
                **mapping(imported, {"pattern": IMPORT}),
            },
            "params": ref("params"),
            "require": ref("require"),
            "inputs": {
                "description": "The network's inputs.",
                **mapping({"if": {"type": "object"}, "then": typed, "else": shape}, least=1),
            },
            "cells": {"description": "The cells of this file.", **mapping(ref("cell"))},
            "graph": ref("body"),
            "outputs": ref("outputs"),
            "variants": {"description": "Named sizes.", **mapping(variant, {"pattern": NAME})},
            "decisions": {"description": "Holes that are filled, by id.", "allOf": [ref("decisions")]},
            "allow": {"description": "Lints that are accepted, with a reason.", "type": "array", "items": allowance},
        },
    }
