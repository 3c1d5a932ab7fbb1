"""`archdsl report`: what networks cost and where, as a page to send around, Markdown, JSON or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archdsl.cli.arguments import (
    BatchSize,
    Decisions,
    Inputs,
    Settings,
    Training,
    device_profile,
    loaded,
)
from archdsl.cli.errors import UsageError

if TYPE_CHECKING:
    from archdsl.report.data import ReportData

Format = Literal["html", "markdown", "json", "csv"]
SUFFIXES: dict[str, Format] = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".csv": "csv",
}


def command(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC...", help="Files, `file@variant`, or names from `archdsl zoo list`."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="A .html, .md, .json or .csv file; else it is printed."),
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="By default what the file's ending says; printed, markdown.")
    ] = None,
    device: Annotated[
        Path | None,
        typer.Option("--device", metavar="FILE", help="A device profile, for predicted times and bounds on them."),
    ] = None,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    training: Training = False,
    batch_size: BatchSize = 1,
) -> None:
    """Report what networks cost, and where.

    One HTML file that works offline: totals, the drawing with cost as colour, all layers, where the cost sits, the
    roofline, and with several SPECs their comparison. Markdown suits a pull request (two SPECs: before and after), JSON
    has everything, CSV the layers. --set, --input and --decisions hold for every SPEC.
    """
    kind = format or _kind(output)
    profile = device_profile(device)
    from archdsl.pipeline.reporting import findings_of, report_on

    architectures = [loaded(spec, settings, inputs, decisions) for spec in specs]
    findings = [findings_of(architecture, profile) for architecture in architectures]
    text = _written(report_on(architectures, specs, batch_size, training, profile, findings), kind)
    if output is None:
        print(text, end="")
        return
    from archdsl.pipeline.files import write_atomically

    write_atomically(output, text)
    print(output)


def _written(data: ReportData, kind: Format) -> str:
    # One renderer at a time is imported: only HTML needs templates.
    match kind:
        case "html":
            from archdsl.report.html import to_html

            return to_html(data)
        case "markdown":
            from archdsl.report.formats.markdown import to_markdown

            return to_markdown(data)
        case "json":
            from archdsl.report.formats.json_format import to_json

            return to_json(data)
        case "csv":
            from archdsl.report.formats.csv_format import to_csv

            return to_csv(data)


def _kind(output: Path | None) -> Format:
    if output is None:
        return "markdown"
    if output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{output}: end it in .html, .md, .json or .csv, or give --format")
    return SUFFIXES[output.suffix.lower()]
