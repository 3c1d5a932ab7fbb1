"""`archdsl compile`: from a spec to modules, source, ONNX and exported programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archdsl.cli.arguments import Decisions, Inputs, Settings, Spec, TextOrJson, expect_folder, loaded
from archdsl.cli.errors import UsageError
from archdsl.cli.inference_targets import show_measured, write_int8
from archdsl.cli.output import progress
from archdsl.cli.pass_display import show_passes

if TYPE_CHECKING:
    from torch import nn

    from archdsl.pipeline.architecture import Architecture


class Target(StrEnum):
    """What can be made."""

    MODULE = "module"
    SOURCE = "source"
    ONNX = "onnx"
    EXPORTED = "exported"


SUFFIXES = {Target.MODULE: ".safetensors", Target.SOURCE: ".py", Target.ONNX: ".onnx", Target.EXPORTED: ".pt2"}
Mode = Literal["train", "inference"]
DType = Literal["float32", "int8"]
Runtime = Literal["auto", "torch", "onnxruntime", "openvino"]


def command(
    spec: Spec,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.")] = Path(),
    targets: Annotated[
        list[Target] | None,
        typer.Option("--target", "-t", help="What to make; repeat for several. By default module and source."),
    ] = None,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="FILE", help="Trained weights (.safetensors).")
    ] = None,
    mode: Annotated[
        Mode, typer.Option("--mode", help="Module and source with the auxiliary parts of training, or without.")
    ] = "train",
    dynamic: Annotated[bool, typer.Option("--dynamic", help="Take other heights and widths, too.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the weights, where none are given.")] = 0,
    dtype: Annotated[
        DType, typer.Option("--dtype", help="With --mode inference: int8 makes an ONNX model in 8-bit integers.")
    ] = "float32",
    calibrate: Annotated[
        str | None,
        typer.Option(
            "--calibrate",
            metavar="DATA",
            help="For int8: digits, cifar10:DIR, folder:DIR, or a .npy, .npz or .safetensors file of samples.",
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="With --mode inference: try every runtime here, and remember the fastest."),
    ] = False,
    runtime: Annotated[Runtime, typer.Option("--runtime", help="With --measure: only this one.")] = "auto",
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="With --measure: samples in a batch.")] = 1,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Write nothing; say what the optimizing passes do to the inference form."),
    ] = False,
    timed: Annotated[
        bool, typer.Option("--timed", help="With --explain: time the network behind each pass, too.")
    ] = False,
    format: TextOrJson = "text",
) -> None:
    """Make a module, source, ONNX model or exported program.

    Writes DIR/NAME.safetensors (module: the weights, for `archdsl.compile(..., weights=FILE)`), DIR/NAME.py (source:
    PyTorch alone), DIR/NAME.onnx and DIR/NAME.pt2 (always the inference form). All have the same weights.

    With --mode inference, --dtype int8 writes DIR/NAME.int8.onnx instead: the network in 8-bit integers, quantized with
    trained --weights and the ranges that values have on the samples of --calibrate. --measure also times the network on
    every runtime here; `archdsl.compile(..., optimize="measure")` then starts with the fastest.

    With --explain nothing is written: the passes that make the inference form faster are run on the graph, and what
    each did is printed with the operators, multiply-adds and memory access that are left (predicted for one sample)
    and, with --timed, the time of a forward pass, all graphs as plain modules on the CPU.
    """
    import archdsl
    from archdsl.report.cost_table import cost_line

    if explain:
        show_passes(loaded(spec, settings, inputs, decisions), timed, format)
        return
    if timed or format != "text":
        raise UsageError("--timed and --format go with --explain")
    if mode != "inference" and (dtype != "float32" or measure):
        raise UsageError("--dtype int8 and --measure go with --mode inference")
    expect_folder(output)
    architecture = loaded(spec, settings, inputs, decisions)
    if dtype == "int8":
        write_int8(architecture, weights, calibrate, output / f"{architecture.name}.int8.onnx")
        return
    module = _module(architecture, weights, mode, dynamic, seed)
    for target in dict.fromkeys(targets or (Target.MODULE, Target.SOURCE)):
        progress(f"making {target}")
        path = output / f"{architecture.name}{SUFFIXES[target]}"
        _write(target, path, architecture, module, mode, dynamic)
        print(path)
    print(cost_line(archdsl.cost(architecture)))
    if measure:
        show_measured(architecture, module, runtime, batch_size)


def _module(architecture: Architecture, weights: Path | None, mode: Mode, dynamic: bool, seed: int) -> nn.Module:
    import archdsl
    from archdsl.training.seeds import seed_everything

    seed_everything(seed, "weights")
    return archdsl.compile(architecture, mode=mode, weights=weights, dynamic=dynamic, optimize=False)


def _write(
    target: Target, path: Path, architecture: Architecture, module: nn.Module, mode: Mode, dynamic: bool
) -> None:
    """Make one target with the weights of `module`."""
    import archdsl
    from archdsl.pipeline.files import write_atomically
    from archdsl.pipeline.weights import save_weights

    match target:
        case Target.MODULE:
            save_weights(module.state_dict(), path)
        case Target.SOURCE:
            write_atomically(path, archdsl.to_source(architecture, mode, dynamic=dynamic))
        case Target.ONNX:
            archdsl.export_onnx(architecture, path, weights=module, dynamic=dynamic)
        case Target.EXPORTED:
            archdsl.export_program(architecture, path, weights=module, dynamic=dynamic)
