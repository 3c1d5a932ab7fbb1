"""From a run's folder to its report."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from archdsl_search.results.report.data import report_data
from archdsl_search.results.run import Run

Format = Literal["html", "markdown", "json"]
SUFFIXES: dict[str, Format] = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
}


def report_of(folder: Path, format: Format) -> str:
    """The report of the run in a folder.

    Raises:
        SearchError: if there is no run.
    """
    run = Run(folder)
    data = report_data(run)
    if format == "json":
        from archdsl_search.results.report.formats import to_json

        return to_json(data)
    if format == "markdown":
        from archdsl_search.results.report.formats import to_markdown

        return to_markdown(data)
    from archdsl_search.results.report.drawings import drawn
    from archdsl_search.results.report.page import to_html

    return to_html(data, *drawn(run, data.top))
