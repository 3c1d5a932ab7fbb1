"""`archdsl search run`: begins a search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archdsl_search.cli.arguments import Address, EngineName, Overrides, Quiet, TextOrJson, overrides
from archdsl_search.cli.errors import UsageError, reported
from archdsl_search.cli.finishing import finish
from archdsl_search.cli.output import warn
from archdsl_search.cli.watching import Log, watching


def command(
    sweep: Annotated[Path, typer.Argument(metavar="SWEEP", help="A sweep file.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="RUN", help="The folder of the run; a new one.")
    ] = None,
    engine: EngineName = "local",
    address: Address = "",
    settings: Overrides = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what the sweep needs, whether it is there, and what it takes.")
    ] = False,
    probe: Annotated[
        int, typer.Option("--probe", min=0, help="With --check: candidates to evaluate, drawn at random; 0: none.")
    ] = 1,
    price: Annotated[
        float | None,
        typer.Option(
            "--price", min=0, help="With --check: of an hour of one GPU, or of one CPU core for trials without GPUs."
        ),
    ] = None,
    log: Log = None,
    quiet: Quiet = False,
    format: TextOrJson = "text",
) -> None:
    """Begin a search.

    Everything is kept in RUN: RUN/journal.jsonl says what was tried and what came of it, RUN/trials has what
    evaluations keep. Ctrl-C and SIGTERM end it in order; `archdsl search resume RUN` goes on.

    With --check nothing begins and nothing is written. It says how many trials can run at once, evaluates a candidate,
    and estimates wall time and hours of CPUs and GPUs for the budget. Exit status 1: it would wait without end, or no
    candidate could be evaluated.
    """
    from archdsl_search.sweep.loading import load_sweep

    with reported():
        loaded = load_sweep(sweep, overrides(settings))
        if check:
            from archdsl_search.cli.checking import check_sweep

            check_sweep(loaded, engine, address, probe, price, quiet, format)
            return
        if out is None:
            raise UsageError("--out RUN is needed: the folder of the run, a new one (or --check)")
        if price is not None:
            raise UsageError("--price is for --check")
        from archdsl_search.driver.running import Setting, start

        with watching(out, quiet, log) as watch:
            ended = start(loaded, Setting(out, engine, address, watch, warn=warn))
    finish(out, ended, format)
