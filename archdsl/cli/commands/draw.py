"""`archdsl draw`: a network as SVG or Mermaid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archdsl.cli.arguments import Decisions, Inputs, Settings, Spec, Training, loaded
from archdsl.cli.errors import UsageError

if TYPE_CHECKING:
    from archdsl.ir.graph import Graph

SUFFIXES = {"svg": {".svg"}, "mermaid": {".mmd", ".mermaid", ".md"}}


def command(
    spec: Spec,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="A .svg or .mmd file; else it is printed.")
    ] = None,
    format: Annotated[
        Literal["svg", "mermaid"] | None, typer.Option("--format", help="By default what the file's ending says.")
    ] = None,
    depth: Annotated[int, typer.Option("--depth", min=0, help="Open cells down to this depth; below, one box.")] = 1,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    training: Training = False,
) -> None:
    """Draw a network as SVG or Mermaid.

    Cells deeper than --depth are one box each, with their shapes and parameters.
    """
    kind = format or _kind(output)
    text = _drawn(loaded(spec, settings, inputs, decisions).graph(training=training), kind, depth)
    if output is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    from archdsl.pipeline.files import write_atomically

    write_atomically(output, text)
    print(output)


def _drawn(graph: Graph, kind: str, depth: int) -> str:
    if kind == "svg":
        from archdsl.report.svg import to_svg

        return to_svg(graph, depth=depth)
    from archdsl.report.mermaid import to_mermaid

    return to_mermaid(graph, depth=depth)


def _kind(output: Path | None) -> str:
    if output is None:
        return "svg"
    for kind, suffixes in SUFFIXES.items():
        if output.suffix.lower() in suffixes:
            return kind
    raise UsageError(f"{output}: end it in .svg or .mmd, or give --format")
