"""`archdsl schema`: the JSON Schema of spec files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def command(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file to write instead of printing.")] = None,
) -> None:
    """Write the JSON Schema of spec files.

    Draft 7, which editors' YAML language servers read. Name it in a spec with
    `# yaml-language-server: $schema=./archdsl.schema.json`, or let `archdsl init` do so.
    """
    from archdsl.spec.schema import schema

    text = json.dumps(schema(), indent=2)
    if output is None:
        print(text)
        return
    from archdsl.pipeline.files import write_atomically

    write_atomically(output, text + "\n")
    print(output)
