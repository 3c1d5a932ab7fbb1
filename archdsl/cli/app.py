"""The root command. A command's module is imported only when that command is called: start-up stays short.

Installed packages add commands through the entry-point group `archdsl.commands`. An entry point names a function with
typer's annotations or a `typer.Typer`.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from collections.abc import Callable

# The one-line helps stand here so that `archdsl --help` imports none of the modules.
COMMANDS: dict[str, str] = {
    "init": "Write a starter spec.",
    "check": "Find the mistakes in specs.",
    "lint": "Find what costs more than it needs, and what breaks a budget.",
    "fmt": "Format specs; comments stay.",
    "schema": "Write the JSON Schema of spec files.",
    "explain": "Explain the code of a diagnostic.",
    "resolve": "Fill the holes of a search space.",
    "compile": "Make a module, source, ONNX model or exported program.",
    "cost": "Count parameters, arithmetic and memory.",
    "fit": "Find the largest value of a parameter within budgets.",
    "report": "Report what networks cost, and where.",
    "import": "Make a spec of an ONNX model or exported program.",
    "draw": "Draw a network as SVG or Mermaid.",
    "diff": "Compare two networks.",
    "weights": "Convert and show weights of other programs.",
    "zoo": "List and show the networks that come with archdsl.",
    "train": "Train a network on labelled images.",
    "compress": "Prune, factorize, widen or deepen a trained network.",
    "profile": "Measure how long a network takes; fit a profile that predicts it.",
    "bench": "Measure this device with experiments from papers.",
    "doctor": "Report versions, devices and what is missing.",
}

# Commands that packages beside this one bring along, if they are installed: their one-line helps, for the same reason.
COMPANIONS: dict[str, str] = {"search": "Search a space of architectures."}

ENTRY_POINT_GROUP = "archdsl.commands"


class LazyGroup(TyperGroup):
    """A group whose commands are looked up by name, built-in ones first, then installed ones."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [*COMMANDS, *sorted(set(_installed()) - set(COMMANDS))]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if cmd_name in COMMANDS:
            module = import_module(module_of(cmd_name))
            return _typer_command(cmd_name, getattr(module, "app", None) or module.command)
        point = _installed().get(cmd_name)
        return None if point is None else _typer_command(cmd_name, point.load())

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        # Looking for installed commands takes a while; built-in ones don't wait for it.
        if args[0] not in COMMANDS and args[0] not in _installed() and not args[0].startswith("-"):
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"there is no command `{args[0]}`{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        points = _installed()
        known = {**COMPANIONS, **COMMANDS}
        rows = [(name, known.get(name) or f"from {points[name].value}") for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def module_of(command: str) -> str:
    """The module of a built-in command; one that Python has a word for gets an underscore."""
    return f"archdsl.cli.commands.{command}_" if iskeyword(command) else f"archdsl.cli.commands.{command}"


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _typer_command(name: str, found: Callable[..., Any] | typer.Typer) -> Any:
    """The command object for a function or an application."""
    if isinstance(found, typer.Typer):
        application = found
    else:
        application = typer.Typer(rich_markup_mode=None, add_completion=False)
        application.command(name)(found)
    built = get_command(application)
    built.name = name
    return built


def _print_version(wanted: bool) -> None:
    if wanted:
        from archdsl import __version__

        typer.echo(f"archdsl {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an internal error (also ARCHDSL_TRACEBACK=1).")
    ] = False,
) -> None:
    """Neural network architectures as data.

    Results go to standard output, progress and errors to standard error. Exit status: 0 fine, 1 mistakes found,
    2 wrong usage or an internal error.
    """
    ctx.obj = {"debug": debug}
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def root_command() -> Any:
    """The command `archdsl` itself."""
    application = typer.Typer(
        cls=LazyGroup, rich_markup_mode=None, pretty_exceptions_enable=False, invoke_without_command=True
    )
    application.callback(invoke_without_command=True)(_root)
    return get_command(application)
