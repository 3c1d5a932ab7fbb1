"""`archdsl search clean`: removes what a killed driver left running."""

from __future__ import annotations

from typing import Annotated

import typer

from archdsl_search.cli.arguments import Run, TextOrJson
from archdsl_search.cli.errors import UsageError
from archdsl_search.cli.output import print_json


def command(
    run: Run,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be ended.")] = False,
    format: TextOrJson = "text",
) -> None:
    """End the processes on this machine that a killed driver of RUN left behind, and remove temporary folders.

    Drivers that end, are stopped by Ctrl-C or by SIGTERM leave nothing. After SIGKILL some of Ray's own processes can
    stay, and folders in the system's place for temporary files; of these, all are removed whose processes are gone. The
    run itself is not touched: `archdsl search resume RUN` goes on with it.
    """
    from archdsl_search.engines.leftovers import end_leftovers, leftovers
    from archdsl_search.engines.scratch import remove_stale, stale
    from archdsl_search.journal.writer import is_locked

    if not run.is_dir():
        raise UsageError(f"{run}: there is no such folder")
    if is_locked(run):
        raise UsageError(f"{run}: a driver is at work here; stop it first (Ctrl-C, or SIGTERM)")
    found = leftovers(run) if dry_run else end_leftovers(run)
    folders = stale() if dry_run else remove_stale()
    if format == "json":
        print_json({"processes": [process._asdict() for process in found], "folders": [str(path) for path in folders]})
        return
    for process in found:
        print(f"{'found' if dry_run else 'ended'} {process.pid}: {process.command[:100]}")
    for path in folders:
        print(f"{'found' if dry_run else 'removed'} {path}")
    if not found and not folders:
        print("nothing was left behind")
