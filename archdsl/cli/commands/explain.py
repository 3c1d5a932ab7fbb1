"""`archdsl explain`: what a diagnostic's code means."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer

from archdsl.cli.arguments import TextOrJson
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, table


def command(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="The code, `E0302`. Without one, all are listed.")
    ] = None,
    format: TextOrJson = "text",
) -> None:
    """Explain the code of a diagnostic.

    What it means, how to mend it, and a wrong and a right piece of a spec.
    """
    from archdsl.diagnostics import explain
    from archdsl.diagnostics.codes import CODES

    if code is None:
        if format == "json":
            print_json({key: known.title for key, known in CODES.items()})
        else:
            print(table(["code", "finding"], [[key, known.title] for key, known in CODES.items()]))
        return
    wanted = code.upper().strip("[]")
    if wanted not in CODES:
        near = get_close_matches(wanted, CODES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"there is no code `{code}`{hint} (`archdsl explain` lists them all)")
    if format == "json":
        print_json({"code": wanted, **CODES[wanted]._asdict()})
    else:
        print(explain(wanted))
