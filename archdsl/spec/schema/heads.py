"""The rule that a step has exactly one head, in a schema language that cannot count keys by kind.

A head may be any cell's name, so heads can't be listed. But step words can: the definitions form a ladder that asks
for one step word after the other and remembers how many are there; at its end the step has that many keys, and one.
"""

from __future__ import annotations

from archdsl.spec.expressions.reserved import STEP_WORDS
from archdsl.spec.schema.kinds import Schema

FIRST_RUNG = "#/definitions/one_head"


def _name(position: int, present: int) -> str:
    return f"one_head.{position}.{present}" if position else "one_head"


def _reference(position: int, present: int) -> Schema:
    return {"$ref": f"#/definitions/{_name(position, present)}"}


def head_definitions() -> dict[str, Schema]:
    """The ladder: rung `one_head.I.K` has seen the first I step words, K of them present."""
    definitions: dict[str, Schema] = {}
    for position, word in enumerate(STEP_WORDS):
        for present in range(position + 1):
            definitions[_name(position, present)] = {
                "if": {"required": [word]},
                "then": _reference(position + 1, present + 1),
                "else": _reference(position + 1, present),
            }
    last = len(STEP_WORDS)
    for present in range(last + 1):
        definitions[_name(last, present)] = {"minProperties": present + 1, "maxProperties": present + 1}
    return definitions
