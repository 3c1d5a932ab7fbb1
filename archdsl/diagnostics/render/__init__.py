"""Findings as text for people, and as JSON, GitHub annotations and SARIF for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.reference import pages
from archdsl.diagnostics.render.source import Sources

__all__ = ["FORMATS", "Format", "pages", "render"]

Format = Literal["text", "json", "github", "sarif"]
FORMATS: tuple[Format, ...] = ("text", "json", "github", "sarif")


def render(
    diagnostics: Iterable[Diagnostic], format: Format = "text", *, color: bool = False, sources: Sources | None = None
) -> str:
    """All findings in one of the formats, without a newline at the end.

    Args:
        diagnostics: the findings, in the order in which they are to be shown.
        format: `text` quotes the line at fault; `json`, `github` and `sarif` are for programs.
        color: whether the text is coloured for a terminal; the other formats never are.
        sources: where quoted lines come from; by default the files themselves.
    """
    found = list(diagnostics)
    # One renderer at a time is imported: a run needs no other.
    if format == "json":
        from archdsl.diagnostics.render.json_format import to_json

        return to_json(found)
    if format == "github":
        from archdsl.diagnostics.render.github import to_github

        return to_github(found)
    if format == "sarif":
        from archdsl.diagnostics.render.sarif import to_sarif

        return to_sarif(found)
    from archdsl.diagnostics.render.text import to_text

    return to_text(found, color=color, sources=sources or Sources())
