"""`archdsl resolve`: from a search space to an architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archdsl.cli.arguments import Decisions, Inputs, Settings, Spec, parsed_decisions, parsed_inputs, parsed_settings
from archdsl.cli.output import progress


def command(
    spec: Spec,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    sample: Annotated[
        int | None, typer.Option("--sample", metavar="SEED", help="Fill the open holes at random.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file to write instead of printing.")] = None,
) -> None:
    """Fill the holes of a search space.

    The result is the same spec with the key `decisions`, and nothing else changed. A hole that neither --decisions nor
    --sample fills is an error that names it.
    """
    import archdsl

    given = parsed_decisions(decisions)
    space = archdsl.load_space(spec, params=parsed_settings(settings), inputs=parsed_inputs(inputs), decisions=given)
    if sample is not None:
        from random import Random

        given = space.sample(Random(sample))
    architecture = space.resolve(given)
    text = architecture.source_with_decisions()
    if output is None:
        print(text, end="")
    else:
        from archdsl.pipeline.files import write_atomically

        write_atomically(output, text)
        print(output)
    # Decisions may exist in this variant or with these values only, and `resolve` writes neither.
    variant = f"@{architecture.name}" if architecture.name in architecture.source.variants else ""
    given_too = [f"--set {item}" for item in settings or ()] + [f"--input {item}" for item in inputs or ()]
    if variant or given_too:
        loaded = f"{output or 'FILE'}{variant}"
        progress(f"these decisions are of {' '.join([loaded, *given_too])}")
