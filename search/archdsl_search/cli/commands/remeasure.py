"""`archdsl search remeasure`: the best networks evaluated again, with other seeds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archdsl_search.cli.arguments import Address, EngineName, Quiet, Run, TextOrJson, overrides
from archdsl_search.cli.errors import UsageError, reported
from archdsl_search.cli.output import number, print_json, warn

if TYPE_CHECKING:
    from archdsl_search.journal.records import Result
    from archdsl_search.results.measured import Measured

_STOPPED = 130


def command(
    run: Run,
    top: Annotated[int, typer.Option("--top", min=1, help="So many of the best candidates.")] = 5,
    pareto: Annotated[bool, typer.Option("--pareto", help="All that no other candidate beats, instead.")] = False,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=1000, help="Evaluations of each.")] = 3,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", metavar="KEY=VALUE", help="Change the evaluator or resources: evaluator.epochs=50."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where it is kept; by default RUN/remeasured.")
    ] = None,
    engine: EngineName = "local",
    address: Address = "",
    quiet: Quiet = False,
    format: TextOrJson = "text",
) -> None:
    """Evaluate the best networks again, with other seeds.

    The best of many noisy results is partly luck. What is measured is kept in a journal of its own; stopped and called
    again, it does what is missing. `archdsl search best --remeasured` goes by it.
    """
    from archdsl_search.results.measured import FOLDER, measured
    from archdsl_search.results.remeasure import Remeasurement, remeasure
    from archdsl_search.results.run import Run as ReadRun
    from archdsl_search.results.selection import best
    from archdsl_search.results.selection import pareto as front_of

    def show(result: object, total: int) -> None:
        shown.append(result)
        if not quiet:
            print(f"{len(shown)}/{total} evaluations", file=sys.stderr, flush=True)

    shown: list[object] = []
    with reported():
        read = ReadRun(run)
        warn("" if read.is_live else read.warning)
        chosen = front_of(read) if pareto else best(read, top)
        if not chosen:
            raise UsageError(f"{run}: no trial has finished yet")
        done = remeasure(read, chosen, Remeasurement(repeats, overrides(settings), engine, address, show), out)
        found = measured(out or read.folder / FOLDER)
    rows = [_row(result, found[result.identity]) for result in chosen if result.identity in found]
    rows.sort(key=lambda row: -row["mean"][0])
    if format == "json":
        print_json({"labels": list(read.labels), "done": done, "networks": rows})
    else:
        print(f"{'trial':>7}  {read.labels[0] + ' in the search':>24}  {'mean of ' + str(repeats):>12}  deviation")
        for row in rows:
            searched, mean = number(row["objective"][0]), number(row["mean"][0])
            print(f"{row['trial']:>7}  {searched:>24}  {mean:>12}  {number(row['deviation'])}")
    if not done:
        raise typer.Exit(_STOPPED)


def _row(result: Result, again: Measured) -> dict[str, Any]:
    return {
        "trial": result.trial,
        "objective": list(result.objective or ()),
        "mean": list(again.values),
        "deviation": again.deviation,
        "repeats": again.repeats,
    }
