"""`archdsl compile`: from a spec to modules, source, ONNX and exported programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archdsl.cli.arguments import Decisions, Inputs, Settings, Spec, TextOrJson, expect_folder, loaded
from archdsl.cli.errors import UsageError
from archdsl.cli.inference_targets import Way, show_measured, show_ready, state_in, write_int8
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
DType = Literal["float32", "float64", "bfloat16", "float16", "int8"]
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
        DType, typer.Option("--dtype", help="With --mode inference: what weights are written and values computed in.")
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
    runtime: Annotated[
        Runtime | None,
        typer.Option(
            "--runtime", help="With --mode inference: run the optimized network on this one; --measure tries no other."
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Samples in a batch, when the network is run.")
    ] = 1,
    device: Annotated[
        str, typer.Option("--device", help="With --mode inference: where the network is run: cpu, cuda, cuda:1, ...")
    ] = "cpu",
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

    With --mode inference, module and exported program are written in the numbers of --dtype. --dtype int8 writes
    DIR/NAME.int8.onnx instead: the network in 8-bit integers, quantized with trained --weights and the ranges that
    values have on the samples of --calibrate. --dtype, --runtime or --device also run the optimized network and say how
    far its outputs are off those of the plain module in float64. --measure times it on every runtime here;
    `archdsl.compile(..., optimize="measure")` then starts with the fastest.

    With --explain nothing is written: the passes that make the inference form faster are run on the graph, and what
    each did is printed with the operators, multiply-adds and memory access that are left (predicted for one sample)
    and, with --timed, the time of a forward pass on the CPU: all graphs as plain modules, or on the same --runtime.
    """
    import archdsl
    from archdsl.report.cost_table import cost_line

    if explain:
        if runtime is not None and not timed:
            raise UsageError("with --explain, --runtime goes with --timed")
        show_passes(loaded(spec, settings, inputs, decisions), timed, runtime, batch_size, format)
        return
    if timed or format != "text":
        raise UsageError("--timed and --format go with --explain")
    runs = dtype != "float32" or runtime is not None or device != "cpu"
    if mode != "inference" and (runs or measure):
        raise UsageError("--dtype, --runtime, --device and --measure go with --mode inference")
    if dynamic and (runs or measure):
        raise UsageError("--dtype, --runtime, --device and --measure are for networks of fixed size, not for --dynamic")
    _expect_type(dtype, runtime, device, measure, calibrate, targets or [])
    expect_folder(output)
    architecture = loaded(spec, settings, inputs, decisions)
    if dtype == "int8":
        write_int8(architecture, weights, calibrate, output / f"{architecture.name}.int8.onnx")
        return
    way = Way(runtime or "auto", device, dtype, batch_size)
    if runs:
        way.check()
    module = _module(architecture, weights, mode, dynamic, seed)
    for target in dict.fromkeys(targets or (Target.MODULE, Target.SOURCE)):
        progress(f"making {target}")
        path = output / f"{architecture.name}{SUFFIXES[target]}"
        _write(target, path, architecture, module, mode, dynamic, dtype)
        print(path)
    print(cost_line(archdsl.cost(architecture)))
    if measure:
        show_measured(architecture, module, way)
    elif runs:
        show_ready(architecture, module, way)


def _expect_type(
    dtype: DType, runtime: Runtime | None, device: str, measure: bool, calibrate: str | None, targets: list[Target]
) -> None:
    """Make sure that the other options go with the type.

    Raises:
        UsageError: naming what doesn't.
    """
    if dtype != "int8":
        if calibrate is not None:
            raise UsageError("--calibrate goes with --dtype int8")
        if dtype != "float32" and Target.ONNX in targets:
            raise UsageError("ONNX models are made in float32; --dtype int8 makes one in 8-bit integers")
    elif runtime not in (None, "auto", "onnxruntime") or device != "cpu" or measure:
        raise UsageError("--dtype int8 makes a model for ONNX Runtime on the CPU, which is not measured here")
    elif set(targets) - {Target.ONNX}:
        raise UsageError("--dtype int8 makes an ONNX model and no other target")


def _module(architecture: Architecture, weights: Path | None, mode: Mode, dynamic: bool, seed: int) -> nn.Module:
    import archdsl
    from archdsl.training.seeds import seed_everything

    seed_everything(seed, "weights")
    return archdsl.compile(architecture, mode=mode, weights=weights, dynamic=dynamic, optimize=False)


def _write(
    target: Target, path: Path, architecture: Architecture, module: nn.Module, mode: Mode, dynamic: bool, dtype: str
) -> None:
    """Make one target with the weights of `module`."""
    import archdsl
    from archdsl.pipeline.files import write_atomically
    from archdsl.pipeline.weights import save_weights

    match target:
        case Target.MODULE:
            save_weights(state_in(dtype, module), path)
        case Target.SOURCE:
            write_atomically(path, archdsl.to_source(architecture, mode, dynamic=dynamic))
        case Target.ONNX:
            archdsl.export_onnx(architecture, path, weights=module, dynamic=dynamic)
        case Target.EXPORTED:
            archdsl.export_program(architecture, path, weights=module, dynamic=dynamic, dtype=dtype)
