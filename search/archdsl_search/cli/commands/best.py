"""`archdsl search best`: the best networks of a search, as data and as files."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from archdsl_search.cli.arguments import Run, TextOrJson
from archdsl_search.cli.errors import UsageError, reported
from archdsl_search.cli.output import network_text, print_json, warn


class Target(StrEnum):
    """A form in which a network is written; the spec always is."""

    SPEC = "spec"
    SOURCE = "source"
    WEIGHTS = "weights"
    ONNX = "onnx"


def command(
    run: Run,
    top: Annotated[int, typer.Option("--top", min=1, help="So many of the best candidates.")] = 1,
    pareto: Annotated[bool, typer.Option("--pareto", help="All that no other candidate beats, instead.")] = False,
    axes: Annotated[
        str | None,
        typer.Option(
            "--axes",
            metavar="A,-B",
            help="Metrics for --pareto, a minus before those that should be small. By default the objectives; with one "
            "objective, that and the first of latency, mult_adds and params that was measured.",
        ),
    ] = None,
    remeasured: Annotated[
        bool, typer.Option("--remeasured", help="Go by the means that `remeasure` found; others are left out.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write specs, sources, weights and ONNX here.")
    ] = None,
    targets: Annotated[
        list[Target] | None, typer.Option("--target", "-t", help="What to write with -o; by default all.")
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="With -o: train those whose weights were not kept again, as the search did.")
    ] = False,
    format: TextOrJson = "text",
) -> None:
    """Show the best networks of a search, and write them as files.

    Works while the search runs and after a crash. With -o each network becomes a spec without holes, its source for
    plain PyTorch, its trained weights (where the evaluator kept them) and an ONNX model; they are loaded again and held
    against each other. Files with fresh weights are called `.untrained`;
    --train makes trained ones of them. JSON has the first network's decisions,
    objective, metrics and trial, and all of them under `networks`.
    """
    from archdsl_search.results.best import described, write_all
    from archdsl_search.results.run import Run as ReadRun
    from archdsl_search.results.selection import best
    from archdsl_search.results.selection import pareto as front_of

    with reported():
        read = ReadRun(run)
        warn("" if read.is_live else read.warning)
        wanted = tuple(axis.strip() for axis in axes.split(",")) if axes else ()
        chosen = front_of(read, wanted) if pareto or wanted else best(read, top, remeasured)
        if not chosen:
            raise UsageError(f"{run}: {'nothing was measured again' if remeasured else 'no trial has finished yet'}")
        if output is None:
            networks: list[dict[str, Any]] = [described(read, result) for result in chosen]
        else:
            if train:
                from archdsl_search.results.retraining import train_again

                train_again(read, chosen, lambda trial: print(f"training trial {trial} again", file=sys.stderr))
            networks = write_all(read, chosen, output, tuple(map(str, targets or Target)))
    if format == "json":
        print_json({**networks[0], "networks": networks})
    else:
        print("\n\n".join(network_text(network) for network in networks))
