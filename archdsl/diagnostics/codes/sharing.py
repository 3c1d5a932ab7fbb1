"""Shared weights and tied decisions."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

SHARING: dict[str, Code] = {
    "E0701": Code("shared steps differ"),
    "E0702": Code("shared weights differ in shape"),
    "E0703": Code("tied decisions differ"),
    "E0704": Code("not a valid key for share or tie"),
    "E0705": Code("two sets of weights with one path"),
}
