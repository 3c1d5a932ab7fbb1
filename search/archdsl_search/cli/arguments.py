"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from archdsl_search.cli.errors import UsageError

Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
EngineName = Annotated[Literal["local", "ray"], typer.Option("--engine", help="Who carries out the evaluations.")]
Address = Annotated[
    str,
    typer.Option("--address", metavar="HOST:PORT", help="Of a Ray cluster, or auto; by default one on this machine."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Change a value of the sweep: budget.trials=100."),
]
TextOrJson = Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def overrides(texts: list[str] | None) -> dict[str, Any]:
    """`KEY=VALUE` texts, by key.

    Raises:
        UsageError: if one has another form.
    """
    from archdsl_search.sweep.loading import parsed_overrides

    try:
        return parsed_overrides(texts or ())
    except ValueError as error:
        raise UsageError(str(error)) from None
