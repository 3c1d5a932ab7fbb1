"""`archdsl search`: its commands, each imported when it is called."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="search",
    help="Search a space of architectures.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)


@app.callback()
def search() -> None:
    """Search a space of architectures."""
