"""Findings as workflow commands, which GitHub Actions shows beside the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.diagnostic import Diagnostic


def to_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One line for each finding."""
    return "\n".join(_command(found) for found in diagnostics)


def _command(found: Diagnostic) -> str:
    properties: dict[str, str | int] = {}
    if (span := found.span) is not None:
        properties = {"file": span.file, "line": span.line, "endLine": span.end_line}
        # GitHub takes columns only within one line, the last one inclusive.
        if span.line == span.end_line:
            properties |= {"col": span.column, "endColumn": max(span.column, span.end_column - 1)}
    properties["title"] = f"archdsl {found.code}"
    text = "\n".join([found.message + (f" ({found.label})" if found.label else ""), *found.notes])
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{found.severity} {given}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
