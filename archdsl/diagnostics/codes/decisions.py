"""Decisions of a search space."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

DECISIONS: dict[str, Code] = {
    "E0601": Code("an open decision"),
    "E0602": Code("unknown decision"),
    "E0603": Code("not an option of this decision"),
    "E0604": Code("a choice without options"),
    "E0605": Code("a hole where none can stand"),
    "E0606": Code("invalid option labels"),
    "E0607": Code("two decisions with one id"),
    "E0608": Code("no valid architecture found in the space"),
}
