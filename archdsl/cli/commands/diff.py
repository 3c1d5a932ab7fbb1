"""`archdsl diff`: two networks side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from archdsl.cli.arguments import Decisions, Inputs, Settings, TextOrJson, Training, loaded
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_findings, print_json
from archdsl.cli.status import FAILURE, FINDINGS
from archdsl.diagnostics.diagnostic import ArchdslError

_HELP = "A file, `file@variant`, or a name from `archdsl zoo list`."


def command(
    before: Annotated[str, typer.Argument(metavar="A", help=_HELP)],
    after: Annotated[str, typer.Argument(metavar="B", help=_HELP)],
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    training: Training = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many steps are listed as text.")] = 40,
    format: TextOrJson = "text",
) -> None:
    """Compare two networks.

    Shows the steps that differ, the cost before and after, and which weights of A fit B.

    --set, --input and --decisions hold for both. Exit status: 0 if A and B are the same network, whatever its steps
    are named; 1 if they differ; 2 for wrong usage, and for specs with mistakes.
    """
    from archdsl.pipeline.comparing import compare_architectures
    from archdsl.report.comparison_text import comparison_text

    try:
        one, other = (loaded(spec, settings, inputs, decisions) for spec in (before, after))
    except ArchdslError as error:
        print_findings(error.diagnostics)
        raise typer.Exit(FAILURE) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None
    found = compare_architectures(one, other, training)
    if format == "json":
        print_json({**found.to_dict(), "hashes": [one.hash, other.hash]})
    else:
        print(comparison_text(found, limit))
    if not found.equal:
        raise typer.Exit(FINDINGS)
