"""`archdsl search status`: how far a search is."""

from __future__ import annotations

from archdsl_search.cli.arguments import Run, TextOrJson
from archdsl_search.cli.errors import reported
from archdsl_search.cli.output import print_json, summary_text, warn
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.summary import summarise


def command(run: Run, format: TextOrJson = "text") -> None:
    """Say how far a search is: while it runs, from any shell that sees the folder, or after a crash."""
    with reported():
        journal = Journal(run)
        journal.expect_a_beginning()
        summary = summarise(journal)
    warn(summary.warning)
    if format == "json":
        print_json(summary.to_json())
    else:
        print(summary_text(summary))
