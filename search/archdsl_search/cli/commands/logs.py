"""`archdsl search logs`: what an evaluation has printed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from archdsl_search.cli.arguments import Run
from archdsl_search.cli.errors import UsageError, reported
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.records import Result
from archdsl_search.outcome import State


def command(
    run: Run,
    trial: Annotated[int | None, typer.Argument(help="Its number; by default the last one that failed.")] = None,
) -> None:
    """Show what the evaluation of a trial printed, with the traceback if it failed.

    The first line says how it ended and where it ran.
    """
    with reported():
        results = {result.trial: result for result in Journal(run).results()}
    chosen = _last_failed(results) if trial is None else results.get(trial)
    number = chosen.trial if chosen is not None else trial
    if number is None:
        raise UsageError(f"{run}: no trial has failed; give the number of the one that you want to see")
    log = run / "trials" / f"{number:06d}" / "log.txt"
    if chosen is None and not log.exists():
        raise UsageError(f"{run}: there is no trial {number}")
    print(_ending(number, chosen), file=sys.stderr)
    if log.exists():
        sys.stdout.write(log.read_text(encoding="utf-8", errors="replace"))


def _last_failed(results: dict[int, Result]) -> Result | None:
    failed = [result for result in results.values() if result.state in (State.FAILED, State.INFEASIBLE)]
    return failed[-1] if failed else None


def _ending(trial: int, result: Result | None) -> str:
    if result is None:
        return f"trial {trial}: has not ended"
    told = f"trial {trial}: {result.state}" + (f": {result.error}" if result.error else "")
    worker = result.time.get("worker")
    return told + (f" (on {worker})" if worker else "")
