"""`archdsl weights`: weights of other programs."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archdsl.cli.arguments import Decisions, Inputs, Settings, Spec, TextOrJson, loaded
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, table

if TYPE_CHECKING:
    from archdsl.pipeline.architecture import Architecture
    from archdsl.pipeline.conversion import Conversion

app = typer.Typer(help="Convert and show weights of other programs.", rich_markup_mode=None, add_completion=False)

PICKLED = (".pt", ".pth")
Key = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="Which state dict of a checkpoint with several to take.")
]


@app.command("convert")
def convert_command(
    spec: Spec,
    source: Annotated[Path, typer.Option("--from", metavar="FILE", help="The checkpoint (safetensors, .pt, .pth).")],
    target: Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write (.safetensors).")],
    layout: Annotated[
        str, typer.Option("--layout", help="`auto`, `torchvision`, `timm`, or a mapping file {theirs: ours}.")
    ] = "auto",
    pins: Annotated[
        list[str] | None,
        typer.Option("--pin", metavar="THEIRS=OURS", help="Two modules that belong together. Repeat for several."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="PATTERN", help="Leave out tensors with these names: `*.anchors`."),
    ] = None,
    key: Key = None,
    save_map: Annotated[
        Path | None, typer.Option("--save-map", metavar="FILE", help="Write the mapping {theirs: ours} as JSON.")
    ] = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="The way back: from a file of ours to names of theirs.")
    ] = False,
    like: Annotated[
        Path | None,
        typer.Option("--like", metavar="FILE", help="With --reverse: a checkpoint that has the wanted names."),
    ] = None,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
) -> None:
    """Bring a checkpoint of another program onto a network, by graph and shape.

    Nothing in the file is run. `auto` decides by shapes, numbers in names and the graph; `torchvision` and `timm` also
    rely on the order of the file. What stays open is named, and nothing is written.
    """
    _check_usage(source, target, reverse, like, ignore)
    architecture = loaded(spec, settings, inputs, decisions)
    pinned = _pins(pins)
    if reverse:
        from archdsl.pipeline.conversion import restore_weights

        mapping = restore_weights(architecture, source, target, layout, like=like, pins=pinned, key=key)
        print(f"{target}: {len(mapping.names):,} tensors of {architecture.name} under their other names")
    else:
        from archdsl.pipeline.conversion import convert_weights

        found = convert_weights(architecture, source, target, layout, pins=pinned, ignore=tuple(ignore or ()), key=key)
        mapping = found.mapping
        _report(target, architecture, found)
    if save_map is not None:
        from archdsl.pipeline.conversion import save_name_map

        save_name_map(mapping, save_map)
        print(save_map)


@app.command("show")
def show_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint (safetensors, .pt, .pth).")],
    key: Key = None,
    format: TextOrJson = "text",
) -> None:
    """List the tensors of a checkpoint: names, shapes, types. Nothing in the file is run."""
    from archdsl.pipeline.conversion import read_tensors

    found = read_tensors(file, key)
    rows = [
        {"name": name, "shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}
        for name, tensor in found.tensors.items()
    ]
    elements = sum(prod(tensor.shape) for tensor in found.tensors.values())
    if format == "json":
        print_json({"file": str(file), "elements": elements, "tensors": rows, "left_out": list(found.left_out)})
        return
    print(table(["name", "dtype", "shape"], [[_plain(str(r["name"])), r["dtype"], r["shape"]] for r in rows]))
    print(f"{len(rows):,} tensors, {elements:,} elements")
    if found.left_out:
        print(f"no tensors: {', '.join(map(_plain, found.left_out))}")


def _plain(name: str) -> str:
    """A name from a foreign file without characters that a terminal obeys."""
    return name if name.isprintable() else ascii(name)


def _check_usage(source: Path, target: Path, reverse: bool, like: Path | None, ignore: list[str] | None) -> None:
    if like is not None and not reverse:
        raise UsageError("--like goes with --reverse")
    if ignore and reverse:
        raise UsageError("--ignore does not go with --reverse")
    suffixes = (".safetensors", *PICKLED) if reverse else (".safetensors",)
    if target.suffix not in suffixes:
        raise UsageError(f"--to {target}: the name must end in {' or '.join(suffixes)}")
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"--to {target}: this is the file that is read")


def _pins(texts: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts or ():
        theirs, separator, ours = text.partition("=")
        if not separator or not theirs.strip() or not ours.strip():
            raise UsageError(f"--pin {text}: THEIRS=OURS is needed, as in `--pin layer1.0.conv1=stages.stage.0.conv2d`")
        found[theirs.strip()] = ours.strip()
    return found


def _report(target: Path, architecture: Architecture, found: Conversion) -> None:
    order = ", in the order of the file" if found.ordered else ""
    print(f"{target}: {len(found.mapping.names):,} tensors onto {architecture.name}{order}")
    if found.added:
        print(f"set to zero: {len(found.added)} counters of training steps that the checkpoint lacks")
    if found.absent:
        print(f"not in the checkpoint: {len(found.absent)} weights of training alone; use `--mode inference`")
    if found.left_out:
        print(f"left out: {', '.join(map(_plain, found.left_out[:5]))}{', ...' if len(found.left_out) > 5 else ''}")
    for one, other in found.interchangeable[:3]:
        print(f"no matter: `{_plain(one)}` and `{_plain(other)}` could change places without any difference")
