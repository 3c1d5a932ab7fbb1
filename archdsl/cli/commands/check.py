"""`archdsl check`: every mistake of every file."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archdsl.cli.arguments import (
    Decisions,
    Inputs,
    Settings,
    parsed_decisions,
    parsed_inputs,
    parsed_settings,
)
from archdsl.cli.folders import specs_in
from archdsl.cli.output import progress, wants_color
from archdsl.cli.status import FINDINGS

if TYPE_CHECKING:
    from archdsl.diagnostics.diagnostic import Diagnostic


def command(
    specs: Annotated[
        list[str], typer.Argument(metavar="SPEC...", help="Files, `file@variant`, names from the zoo, or folders.")
    ],
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    format: Annotated[
        Literal["text", "json", "github", "sarif"],
        typer.Option("--format", help="Text, JSON, GitHub annotations or SARIF."),
    ] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
) -> None:
    """Find the mistakes in specs.

    All mistakes are reported in one run. The exit status is 1 if there are errors; warnings alone leave it at 0. In a
    folder every YAML or JSON file with an `archdsl` key is checked, hidden ones left out.
    """
    import archdsl
    from archdsl.diagnostics.diagnostic import Severity
    from archdsl.diagnostics.render import render

    params, shapes, filled = parsed_settings(settings), parsed_inputs(inputs), parsed_decisions(decisions)
    targets = list(dict.fromkeys(target for spec in specs for target in _targets(spec)))
    found: list[Diagnostic] = []
    for target in targets:
        found += archdsl.check(target, params=params, inputs=shapes, decisions=filled)
    found = list(dict.fromkeys(found))  # files that import one library meet its mistakes several times
    if found or format != "text":
        print(render(found, format, color=format == "text" and wants_color(sys.stdout)))
    progress(_summary(len(targets), found))
    if any(strict or diagnostic.severity is Severity.ERROR for diagnostic in found):
        raise typer.Exit(FINDINGS)


def _targets(spec: str) -> Iterator[str]:
    folder = Path(spec)
    if not folder.is_dir():
        yield spec
        return
    specs = specs_in(folder)
    if not specs:
        progress(f"{folder}: no file with an `archdsl` key")
    yield from specs


def _summary(count: int, found: Sequence[Diagnostic]) -> str:
    checked = f"{count} file{'s' if count != 1 else ''} checked"
    if not found:
        return f"{checked}, no findings"
    counts = Counter(str(diagnostic.severity) for diagnostic in found)
    return f"{checked}: " + ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in sorted(counts.items()))
