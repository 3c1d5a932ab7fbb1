"""`archdsl import`: an existing network becomes a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archdsl.cli.arguments import Inputs, parsed_inputs
from archdsl.cli.errors import UsageError
from archdsl.cli.output import progress


def command(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="An ONNX model (.onnx) or an exported PyTorch program (.pt2).")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The spec to write; else it is printed.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Write the weights, too, named as in the spec (.safetensors)."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="The network's name; by default the file's.")] = "",
    inputs: Inputs = None,
) -> None:
    """Make a spec of an ONNX model or exported program.

    What is repeated becomes cells and loops; the spec is exactly the network of the file. What cannot be expressed is
    named, all of it, and nothing is written.
    """
    from archdsl.importing.importer import import_file, save
    from archdsl.report.cost_table import cost_line

    _check_names(output, weights)
    found = import_file(model, parsed_inputs(inputs), name or (output.stem if output else ""))
    if output is None:
        print(found.text, end="")
    save(found, output, weights)
    for path in (output, weights):
        if path is not None:
            print(path)
    progress(cost_line(found.cost()))


def _check_names(output: Path | None, weights: Path | None) -> None:
    """Raises UsageError for endings that other commands would not take."""
    if output is not None and output.suffix not in {".yaml", ".yml"}:
        raise UsageError(f"--output {output}: a spec ends in .yaml or .yml")
    if weights is not None and weights.suffix != ".safetensors":
        raise UsageError(f"--weights {weights}: weights end in .safetensors")
    if output is None and weights is not None:
        raise UsageError("--weights needs --output: weights belong to a spec")
