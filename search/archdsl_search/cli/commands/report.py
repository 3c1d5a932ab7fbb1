"""`archdsl search report`: a run as a page to send around, Markdown or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from archdsl_search.cli.arguments import Run
from archdsl_search.cli.errors import UsageError, reported

Format = Literal["html", "markdown", "json"]


def command(
    run: Run,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="A .html, .md or .json file; else printed.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="By default what the file's ending says; printed, markdown.")
    ] = None,
) -> None:
    """Report a search: progress, Pareto front, the best cells drawn, what was chosen, what was spent.

    Works while the search runs and after a crash. The page is one file without scripts that loads nothing.
    """
    from archdsl_search.results.report.writing import SUFFIXES, report_of
    from archdsl_search.results.writing import replace_file

    kind = format or ("markdown" if output is None else SUFFIXES.get(output.suffix.lower()))
    if kind is None:
        raise UsageError(f"{output}: end it in .html, .md or .json, or give --format")
    with reported():
        text = report_of(run, kind)
    if output is None:
        print(text, end="")
        return
    replace_file(output, text.encode())
    print(output)
