"""`archdsl search`: its commands, each imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

# The one-line helps stand here so that `archdsl search --help` imports none of the modules.
COMMANDS: dict[str, str] = {
    "run": "Begin a search.",
    "resume": "Go on with a search that was stopped.",
    "status": "Say how far a search is.",
    "best": "Show the best networks of a search, and write them as files.",
    "transfer": "Build a found cell into a larger network.",
    "remeasure": "Evaluate the best networks again, with other seeds.",
    "report": "Report a search as a page, Markdown or JSON.",
    "logs": "Show what an evaluation has printed.",
    "clean": "End what a killed driver has left running.",
    "space": "Say what a search space holds.",
    "schema": "Write the JSON Schema of sweep files.",
}


class LazyGroup(TyperGroup):
    """Looks its commands up by name."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"archdsl_search.cli.commands.{cmd_name}")
        application = typer.Typer(rich_markup_mode=None, add_completion=False)
        application.command(cmd_name)(module.command)
        built = get_command(application)
        built.name = cmd_name
        return built

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from archdsl import nearest_word

            near = nearest_word(args[0], list(COMMANDS))
            hint = f"; did you mean `{near}`?" if near else ""
            ctx.fail(f"there is no command `search {args[0]}`{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    name="search",
    cls=LazyGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)


@app.callback()
def search() -> None:
    """Search a space of architectures.

    A sweep file says what is searched and how; a run is a folder with a journal. Exit status: 0 fine, 1 mistakes in a
    file, 2 wrong usage or a run that cannot go on, 130 and 143 stopped by Ctrl-C and SIGTERM.
    """
