"""Findings for people: the line at fault, a caret under the culprit, and what was expected."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.render.source import Sources, excerpt, printable

_RESET = "\x1b[0m"
_STYLES = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "bold": "\x1b[1m", "frame": "\x1b[1;34m"}


def to_text(diagnostics: Sequence[Diagnostic], *, color: bool, sources: Sources) -> str:
    """Each finding as a paragraph, parted by empty lines."""
    painter = _Painter(color)
    return "\n\n".join("\n".join(_paragraph(found, painter, sources)) for found in diagnostics)


def count_line(diagnostics: Sequence[Diagnostic]) -> str:
    """How much was found, in words: `2 errors, 1 warning`."""
    errors = sum(found.severity is Severity.ERROR for found in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [_count(errors, "error"), _count(warnings, "warning")]
    return ", ".join(part for part in parts if part) or "no mistakes found"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""


class _Painter:
    def __init__(self, color: bool):
        self._color = color

    def __call__(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self._color and text else text


def _paragraph(found: Diagnostic, paint: _Painter, sources: Sources) -> list[str]:
    severity = str(found.severity)
    head = paint(severity, f"{severity}[{found.code}]") + paint("bold", f": {printable(found.message)}")
    notes, margin, lines = found.notes, "", [head]
    if found.span is None:
        notes = (found.label, *notes) if found.label else notes
    elif found.span.file.startswith("<"):  # a value from the command line or from Python: no line to show
        notes = (f"in what is given for `{found.span.file.strip('<>')}`", *notes)
        notes = (found.label, *notes) if found.label else notes
    else:
        margin = " " * len(str(found.span.line))
        lines.append(f"{margin}{paint('frame', '-->')} {printable(str(found.span))}")
        quoted = _quote(found, margin, paint, sources)
        notes = (found.label, *notes) if found.label and not quoted else notes
        lines += quoted
    bullet = f"{margin} {paint('frame', '=')} "
    indent = " " * (len(margin) + 3)
    for note in notes:
        first, *others = note.splitlines() or [""]
        lines += [bullet + printable(first), *(indent + printable(other) for other in others)]
    return lines


def _quote(found: Diagnostic, margin: str, paint: _Painter, sources: Sources) -> list[str]:
    span = found.span
    line = sources.line(span.file, span.line) if span else None
    if span is None or line is None:
        return []
    cut = excerpt(line, span)
    bar = paint("frame", "|")
    carets = paint(str(found.severity), f"{'^' * cut.width} {printable(found.label)}".rstrip())
    return [
        f"{margin} {bar}",
        f"{paint('frame', str(span.line))} {bar} {cut.shown}".rstrip(),
        f"{margin} {bar} {' ' * cut.start}{carets}",
    ]
