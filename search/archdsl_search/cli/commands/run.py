"""`archdsl search run`: begins a search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archdsl_search.cli.arguments import Address, EngineName, Overrides, Quiet, TextOrJson, overrides
from archdsl_search.cli.errors import reported
from archdsl_search.cli.finishing import finish


def command(
    sweep: Annotated[Path, typer.Argument(metavar="SWEEP", help="A sweep file.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help="The folder of the run; a new one.")],
    engine: EngineName = "local",
    address: Address = "",
    settings: Overrides = None,
    quiet: Quiet = False,
    format: TextOrJson = "text",
) -> None:
    """Begin a search.

    Everything is kept in RUN: RUN/journal.jsonl says what was tried and what came of it, RUN/trials has what
    evaluations keep. Ctrl-C and SIGTERM end it in order; `archdsl search resume RUN` goes on.
    """
    from archdsl_search.cli.display import Display
    from archdsl_search.driver.running import Setting, start
    from archdsl_search.sweep.loading import load_sweep

    with reported():
        loaded = load_sweep(sweep, overrides(settings))
        with Display(quiet) as display:
            ended = start(loaded, Setting(out, engine, address, display.watch))
    finish(out, ended, format)
