"""The last words of `run` and `resume`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from archdsl_search.cli.output import print_json, summary_text
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.summary import summarise

if TYPE_CHECKING:
    from archdsl_search.driver.running import Ended

# What a shell reports for a program that a signal has ended.
_BY_SIGNAL = 128


def finish(run: Path, ended: Ended, format: str) -> None:
    """Show where the run stands.

    Raises:
        typer.Exit: with the status of the signal that stopped it.
    """
    summary = summarise(Journal(run))
    if format == "json":
        print_json(summary.to_json())
    else:
        print(summary_text(summary))
    if ended.signal:
        print(f"stopped; `archdsl search resume {run}` goes on", file=sys.stderr)
        raise typer.Exit(_BY_SIGNAL + ended.signal)
