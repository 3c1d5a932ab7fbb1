"""File and form: what can be said without knowing what the names mean."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

FORM: dict[str, Code] = {
    "E0101": Code("the file cannot be read"),
    "E0102": Code("not valid YAML"),
    "E0103": Code("not valid JSON"),
    "E0104": Code("unknown key"),
    "E0105": Code("duplicate key"),
    "E0106": Code("anchors, aliases and tags are not allowed"),
    "E0107": Code("a required key is missing"),
    "E0108": Code("unknown version of the language"),
    "E0109": Code("a value has the wrong form"),
    "E0110": Code("a step needs exactly one head"),
    "E0111": Code("step words that do not go together"),
    "E0112": Code("not a valid name"),
    "E0113": Code("invalid input declaration"),
    "E0114": Code("an expression needs quotes"),
}
