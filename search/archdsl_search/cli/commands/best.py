"""`archdsl search best`: the best networks of a search."""

from __future__ import annotations

from dataclasses import asdict

from archdsl_search.cli.arguments import Run, TextOrJson
from archdsl_search.cli.errors import UsageError, reported
from archdsl_search.cli.output import best_text, print_json, warn
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.summary import summarise


def command(run: Run, format: TextOrJson = "text") -> None:
    """Show the best network of a search: objective, metrics and decisions."""
    with reported():
        summary = summarise(Journal(run))
    warn(summary.warning)
    if summary.best is None:
        raise UsageError(f"{run}: no trial has finished yet")
    if format == "json":
        print_json(asdict(summary.best))
    else:
        print(best_text(summary.best, summary.labels))
