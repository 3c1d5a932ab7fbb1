"""Warnings: the file can be used, but probably says something else than meant."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

WARNINGS: dict[str, Code] = {
    "W0201": Code("a cell hides an operator"),
    "W0202": Code("a name that nobody uses"),
    "W0203": Code("a cell that nobody uses"),
    "W0204": Code("a name that may be absent is read"),
    "W0205": Code("the last round of a loop is read silently"),
    "W0206": Code("a step that reads a training-only step"),
    "W0207": Code("an allowance that silences nothing"),
    "W0601": Code("an option that gives no valid architecture"),
}
