"""Parameters and expressions."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

PARAMETERS: dict[str, Code] = {
    "E0401": Code("not an expression"),
    "E0402": Code("not allowed in an expression"),
    "E0403": Code("operands of the wrong kind in an expression"),
    "E0404": Code("an expression has no value"),
    "E0405": Code("an argument of the wrong type"),
    "E0406": Code("unknown parameter"),
    "E0407": Code("a requirement does not hold"),
    "E0408": Code("invalid parameter declaration"),
    "E0409": Code("unknown variant"),
    "E0410": Code("an input cannot be overridden so"),
}
