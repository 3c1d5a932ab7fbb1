"""Loops."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

LOOPS: dict[str, Code] = {
    "E0501": Code("not a valid number of rounds"),
    "E0502": Code("loop variables of unequal length"),
    "E0503": Code("nothing to collect"),
    "E0504": Code("a loop that does not hand on what it reads"),
}
