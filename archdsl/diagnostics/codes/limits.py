"""Limits on size, depth and magnitude."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

LIMITS: dict[str, Code] = {
    "E0901": Code("the file is too large"),
    "E0902": Code("nested too deeply"),
    "E0903": Code("too many steps"),
    "E0904": Code("cells call each other too deeply"),
    "E0905": Code("a number is too large"),
    "E0906": Code("an expression is too large"),
}
