"""The explanation of each code, for `archdsl explain` and for the pages of the reference."""

from __future__ import annotations

from textwrap import fill

from archdsl.diagnostics.codes import CODES

_WIDTH = 88

_GROUPS = {
    "E01": "File and form",
    "E02": "Names and calls",
    "E03": "Shapes and values",
    "E04": "Parameters and expressions",
    "E05": "Loops",
    "E06": "Decisions",
    "E07": "Sharing",
    "E08": "Imports",
    "E09": "Limits",
    "E10": "Weights and targets",
    "E11": "Imported models",
    "E12": "Budgets",
    "E13": "Sweeps",
    "W": "Warnings",
    "G": "Cost guidelines",
    "D": "Design lints",
}
_INDEX = """\
# Diagnostics

Every finding has a code that never changes its meaning. `archdsl explain CODE` prints these pages.

Codes that begin with E are errors: the file can't be used. All others are warnings, which a file can silence with
`allow: [{code: W0202, reason: "read by the trainer"}]`. The output formats are described in [formats](formats.md).
"""


def explanation(code: str) -> str:
    """The page of a code as plain text. Raises `KeyError` for unknown codes."""
    known = CODES[code]
    prose = [fill(part, _WIDTH) for part in known.explanation.split("\n\n")]
    parts = [f"{code}: {known.title}", *prose]
    if known.wrong:
        parts += ["Wrong:", _indented(known.wrong)]
    if known.right:
        parts += ["Right:", _indented(known.right)]
    if known.reference:
        parts.append(f"Reference: {known.reference}")
    return "\n\n".join(part for part in parts if part)


def pages() -> dict[str, str]:
    """The reference as Markdown, by file name: `index.md` and a page for each code."""
    return {"index.md": _index(), **{f"{code}.md": _page(code) for code in CODES}}


def _page(code: str) -> str:
    known = CODES[code]
    kind = "error" if code.startswith("E") else "warning"
    parts = [f"# {code}: {known.title}", f"[{_group(code)}](index.md), {kind}", known.explanation]
    if known.wrong:
        parts.append(f"Wrong:\n\n```yaml\n{known.wrong.strip()}\n```")
    if known.right:
        parts.append(f"Right:\n\n```yaml\n{known.right.strip()}\n```")
    if known.reference:
        parts.append(f"Reference: {known.reference}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _index() -> str:
    lines = [_INDEX]
    for prefix, title in _GROUPS.items():
        codes = [code for code in CODES if code.startswith(prefix)]
        if codes:
            lines += [f"## {title}", "", "| code | finding |", "| --- | --- |"]
            lines += [f"| [{code}]({code}.md) | {CODES[code].title} |" for code in codes]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _group(code: str) -> str:
    return next(title for prefix, title in _GROUPS.items() if code.startswith(prefix))


def _indented(snippet: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in snippet.strip("\n").splitlines())
