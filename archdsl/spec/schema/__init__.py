"""The JSON Schema (draft 7) of spec files, for editors and the YAML language server.

A schema of our own making: pydantic emits draft 2020-12, and a file says more than the models do (expressions and
holes in every place, cells as heads).
"""

from __future__ import annotations

from archdsl.ops.registry import operators
from archdsl.spec.schema.attributes import operator_definitions, required_attributes, summary
from archdsl.spec.schema.grammar import cell_definitions, file_schema, step_definitions, value_definitions
from archdsl.spec.schema.heads import head_definitions
from archdsl.spec.schema.kinds import Kind, Schema, kind_of


def schema() -> Schema:
    """The schema of a spec file, with every installed operator; plain data, ready for `json.dump`."""
    known = operators()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:archdsl:schema:1",
        "title": "archdsl spec file, version 1",
        **file_schema(),
        "definitions": {
            **value_definitions(known),
            **step_definitions(known),
            **cell_definitions(),
            **head_definitions(),
            **operator_definitions(known),
        },
    }


__all__ = ["Kind", "Schema", "kind_of", "required_attributes", "schema", "summary"]
