"""`archdsl zoo`: the networks that come with archdsl."""

from __future__ import annotations

import shutil
import sys
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import typer

from archdsl.cli.arguments import TextOrJson
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, table

app = typer.Typer(
    help="List and show the networks that come with archdsl.", rich_markup_mode=None, add_completion=False
)


# Of the column in the list; authors and title of what is not on arXiv are longer.
PAPER_WIDTH = 28


@app.callback(invoke_without_command=True)
def zoo(context: typer.Context) -> None:
    """List and show the networks that come with archdsl; without a command, list all of them."""
    if context.invoked_subcommand is None:
        list_command()


@app.command("list")
def list_command(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD...]", help="Only entries whose name or texts have all these words."),
    ] = None,
    kind: Annotated[
        Literal["model", "space"] | None, typer.Option("--kind", help="Networks, or search spaces.")
    ] = None,
    max_params: Annotated[float | None, typer.Option("--max-params", help="At most so many parameters (5e6).")] = None,
    max_mult_adds: Annotated[
        float | None, typer.Option("--max-mult-adds", help="At most so many multiply-adds (3e8).")
    ] = None,
    format: TextOrJson = "text",
) -> None:
    """List networks and search spaces, by name: paper, parameters, multiply-adds, input.

    The figures come from an index that is generated with the specs; nothing is loaded.
    """
    wanted = [word.lower() for word in words or ()]
    entries = [entry for entry in _index().values() if _matches(entry, wanted, kind)]
    # Whose name has the words comes before whose texts have them, and the very name first of all.
    entries.sort(key=lambda entry: ([entry["name"]] != wanted, not all(word in entry["name"] for word in wanted)))
    entries = [entry for entry in entries if _within(entry, "params", max_params)]
    entries = [entry for entry in entries if _within(entry, "mult_adds", max_mult_adds)]
    entries = [{**entry, "paper": _paper(entry)} for entry in entries]
    if format == "json":
        print_json(entries)
        return
    header = ["name", "kind", "paper", "params", "mult_adds", "input", "description"]
    rows = [[_column({**entry, "paper": _short(entry["paper"])}, name) for name in header] for entry in entries]
    print(_fitted(table(header, rows)) if rows else "no network fits these words")


@app.command("show")
def show_command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name from `archdsl zoo list`, or a file of cells: `cells/conv`.")
    ],
    format: TextOrJson = "text",
) -> None:
    """Show where a network stands in the library, its papers, figures and text."""
    from archdsl.spec.library import library_root

    index = _index()
    entry = index.get(name)
    if entry is None:
        cells = {f"cells/{path.stem}": f"cells/{path.name}" for path in sorted(library_root().glob("cells/*.yaml"))}
        if name not in cells:
            near = get_close_matches(name, [*index, *cells], n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"networks: `archdsl zoo list`; cells: {' '.join(cells)}"
            raise UsageError(f"there is no `{name}` in the zoo; {hint}")
        entry = {"name": name, "kind": "cells", "file": cells[name]}
    path = library_root() / entry["file"]
    text = path.read_text(encoding="utf-8")
    if format == "json":
        print_json({**entry, "path": str(path), "text": text})
        return
    for key, value in {**entry, "file": str(path)}.items():
        if value != "":
            print(f"{key:<12} {_plain(value)}")
    print(f"\n{text}", end="")


def _index() -> dict[str, dict[str, Any]]:
    """The entries of the generated index by name; reading it loads no spec."""
    from archdsl.spec.library import index

    return index()


def _matches(entry: dict[str, Any], words: list[str], kind: str | None) -> bool:
    if kind is not None and entry.get("kind") != kind:
        return False
    text = " ".join(str(entry.get(key, "")) for key in ("name", "file", "description", "references")).lower()
    return all(word in text for word in words)


def _within(entry: dict[str, Any], figure: str, limit: float | None) -> bool:
    return limit is None or (entry.get(figure) is not None and entry[figure] <= limit)


def _fitted(text: str) -> str:
    """The table, its lines cut to the width of the terminal; whole where it is read by a program."""
    if not sys.stdout.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(line if len(line) <= width else f"{line[: width - 1]}…" for line in text.splitlines())


def _paper(entry: dict[str, Any]) -> str:
    """The first reference, without the sections and figures in it: an arXiv number, or authors and title."""
    first = next(iter(entry.get("references") or ()), "")
    return first.split(",")[0] if first.startswith("arXiv:") else first


def _short(text: str) -> str:
    return text if len(text) <= PAPER_WIDTH else f"{text[: PAPER_WIDTH - 1]}…"


def _column(entry: dict[str, Any], name: str) -> object:
    value = entry.get(name)
    return value if isinstance(value, int | None) else _plain(value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return "x".join(map(str, value)) if all(isinstance(v, int) for v in value) else ", ".join(map(_plain, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
