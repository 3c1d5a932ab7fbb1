"""Shapes and values of operators."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

SHAPES: dict[str, Code] = {
    "E0301": Code("an operand has the wrong rank or shape"),
    "E0302": Code("groups do not divide the channels"),
    "E0303": Code("an attribute has the wrong kind or is out of range"),
    "E0304": Code("the output would have no elements"),
    "E0305": Code("the operands' shapes do not fit each other"),
    "E0306": Code("a dimension that does not exist"),
    "E0307": Code("a reshape that changes the number of elements"),
    "E0308": Code("attributes that contradict each other"),
    "E0309": Code("an operand has the wrong element type"),
}
