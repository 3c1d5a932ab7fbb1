"""Imports."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

IMPORTS: dict[str, Code] = {
    "E0801": Code("an import is not found"),
    "E0802": Code("the imported file has no such cell"),
    "E0803": Code("imports in a circle"),
    "E0804": Code("an import leads out of its folder"),
    "E0805": Code("a cell is imported or defined twice"),
}
