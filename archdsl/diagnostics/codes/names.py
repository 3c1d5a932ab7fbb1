"""Names and calls."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

NAMES: dict[str, Code] = {
    "E0201": Code("unknown name"),
    "E0202": Code("unknown operator, cell or step parameter"),
    "E0203": Code("a name is given twice"),
    "E0204": Code("a name is read that is absent"),
    "E0205": Code("unknown attribute"),
    "E0206": Code("a required attribute is missing"),
    "E0207": Code("an attribute is given twice"),
    "E0208": Code("a callable where a value belongs, or the reverse"),
    "E0209": Code("names and values differ in number"),
    "E0210": Code("wrong number of values read"),
    "E0211": Code("an ambiguous word"),
    "E0212": Code("an output is no tensor"),
    "E0213": Code("a list where one tensor belongs"),
}
