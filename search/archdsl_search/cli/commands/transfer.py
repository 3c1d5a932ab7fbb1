"""`archdsl search transfer`: a found cell in a larger network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archdsl_search.cli.arguments import Run, TextOrJson, overrides
from archdsl_search.cli.errors import UsageError, reported
from archdsl_search.cli.output import print_json, transfer_text, warn


def command(
    run: Run,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the spec and its source go.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", metavar="NAME=VALUE", help="A root parameter of the space: repeats=6, filters=32."),
    ] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=SIZES", help="Another input: image=3x224x224.")
    ] = None,
    trial: Annotated[int | None, typer.Option("--trial", min=0, help="A trial other than the best one.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Of the files.")] = None,
    format: TextOrJson = "text",
) -> None:
    """Build a found cell into a larger network, for a larger data set.

    The decisions stay, parameters and input change: more cells in a row, more filters, another number of classes. This
    works for spaces that tie the decisions of their cells. The spec is an ordinary one: `archdsl train`, `cost`,
    `compile` and the others take it.
    """
    from archdsl_search.results.run import Run as ReadRun
    from archdsl_search.results.selection import trial_or_best
    from archdsl_search.results.transfer import transferred
    from archdsl_search.results.writing import write_network

    if name is not None:
        _expect_a_name(name)
    with reported():
        read = ReadRun(run)
        warn("" if read.is_live else read.warning)
        result = trial_or_best(read, trial)
        before = read.space().resolve(result.decisions)
        architecture = transferred(read, result, overrides(settings), _shapes(inputs))
        called = name or f"{architecture.name}_trial{result.trial}_transferred"
        written = write_network(architecture, output, called, None, ("spec", "source"))
    found = _compared(result.trial, before, architecture, written.files)
    if format == "json":
        print_json(found)
    else:
        print(transfer_text(found))


def _expect_a_name(name: str) -> None:
    """Files stay in the folder that was given."""
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise UsageError(f"--name {name or repr(name)}: the name of a file is needed; --output says in which folder")


def _shapes(texts: list[str] | None) -> dict[str, tuple[int, ...]]:
    found = {}
    for text in texts or ():
        name, separator, sizes = text.partition("=")
        parts = sizes.split("x")
        if not separator or not all(part.isdecimal() and int(part) for part in parts):
            raise UsageError(f"--input {text}: NAME=SIZES is needed, as in `--input image=3x224x224`")
        found[name] = tuple(map(int, parts))
    return found


def _compared(trial: int, before: Any, after: Any, files: dict[str, str]) -> dict[str, Any]:
    import archdsl

    costs = {"before": archdsl.cost(before), "after": archdsl.cost(after)}
    figures = {when: {"params": c.params, "mult_adds": c.mult_adds} for when, c in costs.items()}
    return {"trial": trial, "params": dict(after.params), **figures, "files": files}
