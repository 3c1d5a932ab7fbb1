"""`archdsl cost`: parameters, arithmetic, memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from archdsl.cli.arguments import (
    BatchSize,
    Decisions,
    Inputs,
    Settings,
    Spec,
    TextOrJson,
    Training,
    device_profile,
    loaded,
)
from archdsl.cli.errors import UsageError

if TYPE_CHECKING:
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.analysis.latency.prediction import LatencyReport
    from archdsl.analysis.report import CostReport
    from archdsl.pipeline.architecture import Architecture

Rows = Literal["layers", "cells", "operators", "none"]
Tool = Literal["fvcore", "ptflops", "ptflops-aten", "thop", "torchinfo", "flopcounter"]
DType = Literal["float32", "bfloat16", "float16", "int8"]
Optimizer = Literal["sgd", "momentum", "adam", "adamw", "rmsprop"]


def command(
    spec: Spec,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    training: Training = False,
    batch_size: BatchSize = 1,
    rows: Annotated[Rows, typer.Option("--by", help="What a row of the table stands for.")] = "layers",
    depth: Annotated[int, typer.Option("--depth", min=1, help="With `--by cells`: how deep the tree is shown.")] = 1,
    fold: Annotated[
        bool, typer.Option("--fold-batch-norm", help="Batch norms are part of the weights before them.")
    ] = False,
    fuse: Annotated[
        bool, typer.Option("--fuse", help="Activations and sums are done in the layer before them.")
    ] = False,
    dtype: Annotated[
        DType | None, typer.Option("--dtype", help="In what everything is stored; by default float32.")
    ] = None,
    compat: Annotated[
        Tool | None, typer.Option("--compat", help="The number that another cost counter prints instead.")
    ] = None,
    form: Annotated[
        Literal["modules", "compiled"],
        typer.Option("--compat-form", help="With `--compat`: layers as modules of torch.nn, or as archdsl compiles."),
    ] = "modules",
    symbolic: Annotated[bool, typer.Option("--symbolic", help="Formulas in sizes and parameters instead.")] = False,
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="BYTES", help="The largest batch that fits: 24GiB.")
    ] = None,
    optimizer: Annotated[
        Optimizer | None, typer.Option("--optimizer", help="Memory of a training step; needs `--training`.")
    ] = None,
    device: Annotated[
        Path | None,
        typer.Option(
            "--device", metavar="FILE", help="A device profile: the predicted time of the form it is for is added."
        ),
    ] = None,
    format: TextOrJson = "text",
) -> None:
    """Count parameters, arithmetic and memory.

    mult_adds are the multiply-adds of convolutions, linears and matmuls, which papers often call FLOPs; flops are two
    for each of them and every element-wise operation. memory_access counts the elements that all layers read and
    write, weights included; peak_activation the elements alive at one time.
    """
    import archdsl

    if sum((compat is not None, symbolic, memory is not None or optimizer is not None)) > 1:
        raise UsageError("--compat, --symbolic and --memory or --optimizer give different answers: take one of them")
    if compat is not None and (training or batch_size != 1 or dtype is not None):
        raise UsageError("--compat is about one sample in evaluation: leave --training, --batch-size and --dtype out")
    if compat is None and form != "modules":
        raise UsageError("--compat-form goes with --compat")
    if symbolic and (batch_size != 1 or dtype is not None):
        raise UsageError(
            "--symbolic has the batch as a variable, and counts elements: leave --batch-size and --dtype out"
        )
    if (fold or fuse) and (training or compat is not None or symbolic):
        raise UsageError("--fold-batch-norm and --fuse go with the cost of inference only")
    if device is not None and (training or compat or symbolic or memory):
        raise UsageError(
            "--device predicts the time of inference: leave --training, --compat, --symbolic, --memory out"
        )
    if optimizer is not None and not training:
        raise UsageError(f"--optimizer {optimizer} is about training: add --training")
    profile = device_profile(device, layers=False)
    if profile is not None:
        _expect_profile_for(profile, fold or fuse, dtype)
    network = loaded(spec, settings, inputs, decisions)
    options = archdsl.CostOptions(
        fold, fuse, dtype or ("bfloat16" if profile and profile.dtype == "bfloat16" else "float32")
    )
    if compat is not None:
        _print_compat(network, compat, form, format)
    elif symbolic:
        _print_formulas(network, training, format)
    elif memory is not None or optimizer is not None:
        report = archdsl.memory(network, batch_size, training, optimizer or "sgd", options=options)
        _print_memory(report, memory, format)
    else:
        cost = archdsl.cost(network, batch_size=batch_size, training=training, options=options)
        latency = None if profile is None else _predicted(network, profile, batch_size)
        _print_cost(cost, latency, rows, depth, format)


def _expect_profile_for(profile: DeviceProfile, merges: bool, dtype: str | None) -> None:
    """Raises UsageError if a profile was measured with something else than what is counted."""
    if merges and profile.mode == "plain":
        raise UsageError(
            "--device: the profile predicts layers as they are written: leave --fold-batch-norm and --fuse out, or "
            "take a profile of `archdsl profile --fit --mode inference`"
        )
    if dtype is not None and dtype != profile.dtype:
        raise UsageError(f"--dtype {dtype}: the profile was measured in {profile.dtype}")


def _predicted(network: Architecture, profile: DeviceProfile, batch_size: int) -> LatencyReport:
    import archdsl

    try:
        return archdsl.predict_latency(network, profile, batch_size)
    except ValueError as error:
        raise UsageError(f"--device: {error}") from None


def _print_cost(cost: CostReport, latency: LatencyReport | None, rows: Rows, depth: int, format: str) -> None:
    from archdsl.cli.output import print_json

    if format == "json":
        print_json({**cost.to_dict(), **({} if latency is None else {"latency": latency.to_dict()})})
        return
    text = _text(cost, rows, depth, latency)
    if latency is not None:
        from archdsl.report.latency_text import predicted_summary

        text += f"\n{predicted_summary(latency)}"
    print(text)


def _print_compat(network: Architecture, tool: Tool, form: Literal["modules", "compiled"], format: str) -> None:
    import archdsl
    from archdsl.cli.output import print_json
    from archdsl.report.cost_text import compat_text

    found = archdsl.compat_cost(network, tool, form)
    if format == "json":
        print_json({"name": network.name, **found._asdict()})
    else:
        print(compat_text(found))


def _print_formulas(network: Architecture, training: bool, format: str) -> None:
    import archdsl
    from archdsl.cli.output import print_json
    from archdsl.report.cost_text import formulas_text

    found = archdsl.cost_formulas(network, training)
    if format == "text":
        print(formulas_text(network.name, found))
        return
    names = ("params", "mult_adds", "memory_access")
    formulas = {name: None if getattr(found, name) is None else str(getattr(found, name)) for name in names}
    variables = [
        {"name": v.name, "value": v.value, "step": v.step, "least": v.least, "most": v.most} for v in found.variables
    ]
    further = {"unused": list(found.unused), "without": found.without, "points": found.points}
    print_json({"name": network.name, **formulas, "variables": variables, **further})


def _print_memory(report: Any, memory: str | None, format: str) -> None:
    from archdsl.analysis.lints.budgets import amount
    from archdsl.cli.output import print_json
    from archdsl.report.cost_text import memory_text

    try:
        limit = None if memory is None else amount(memory)
    except ValueError as error:
        raise UsageError(f"--memory: {error}") from None
    if format == "text":
        print(memory_text(report, limit))
        return
    further = {} if limit is None else {"memory": limit, "largest_batch": report.largest_batch(limit)}
    print_json({**report.to_dict(), **further})


def _text(report: CostReport, rows: Rows, depth: int, latency: LatencyReport | None = None) -> str:
    from archdsl.report import cost_table

    # The steps of the optimized form are not the rows of the table.
    plain = latency is not None and latency.mode == "plain"
    times = [layer.seconds for layer in latency.layers] if latency is not None and plain else None
    tables = {
        "layers": lambda report: cost_table.layer_table(report, times),
        "cells": lambda report: cost_table.cell_table(report, depth, times),
        "operators": lambda report: cost_table.operator_table(report, times),
    }
    summary = cost_table.summary(report)
    return f"{tables[rows](report)}\n\n{summary}" if rows in tables else summary
