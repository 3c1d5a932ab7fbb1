"""`archdsl profile`: how long a network takes on this machine; and a profile of the machine that predicts it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archdsl.cli.arguments import (
    BatchSize,
    Clock,
    Decisions,
    Force,
    Inputs,
    Settings,
    TextOrJson,
    Threads,
    expect_free,
    loaded,
)
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, progress
from archdsl.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.analysis.latency.fitting import Fitted
    from archdsl.pipeline.latency import ProfileReport

Rows = Literal["layers", "operators", "none"]


def command(
    spec: Annotated[
        str | None, typer.Argument(metavar="[SPEC]", help="A file, `file@variant`, or a name from `archdsl zoo list`.")
    ] = None,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1.")] = "cpu",
    batch_size: BatchSize = 1,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=2, help="Passes of either kind; by default 10 to 40, for two seconds.")
    ] = None,
    threads: Threads = None,
    clock: Clock = "wall",
    mode: Annotated[
        Literal["plain", "inference"],
        typer.Option("--mode", help="Layers as they are written, or the optimized form, on the kernels of torch."),
    ] = "plain",
    dtype: Annotated[
        Literal["float32", "bfloat16"], typer.Option("--dtype", help="With `--mode inference`: of weights and values.")
    ] = "float32",
    rows: Annotated[Rows, typer.Option("--by", help="What a row of the table stands for.")] = "layers",
    fit: Annotated[
        bool, typer.Option("--fit", help="Measure this machine, and write a profile that predicts.")
    ] = False,
    passes: Annotated[
        int, typer.Option("--passes", min=1, help="With --fit: how often all is measured; the median counts.")
    ] = 3,
    name: Annotated[str, typer.Option("--name", help="With --fit: how the profile calls the device.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="With --fit: where the profile goes (JSON).")
    ] = None,
    force: Force = False,
    format: TextOrJson = "text",
) -> None:
    """Measure how long a network takes; fit a profile that predicts it.

    On this machine, as a whole and layer by layer: warm, in rounds that take the whole network and its layers in turn;
    medians, the quartiles around them, and the fastest round. Layers are timed where they stand, in passes that run
    them one by one.

    With --fit, some fifty networks are measured instead, which takes a few minutes on a machine that does nothing else,
    and FILE gets what predicts the time of any network: `archdsl cost SPEC --device FILE`.

    With --mode inference all this is about `archdsl.compile(mode="inference", runtime="torch")`: its fused steps, each
    timed where it stands.
    """
    if dtype != "float32" and mode == "plain":
        raise UsageError(f"--dtype {dtype} goes with --mode inference")
    if fit:
        if spec is not None:
            raise UsageError("--fit measures networks of its own: leave SPEC out")
        if output is None:
            raise UsageError("--fit needs --output FILE for the profile")
        expect_free(output, force)
        from archdsl.pipeline.latency_fit import fit_profile

        measured = partial(fit_profile, device, name, threads=threads, clock=clock, passes=passes)
        _fit(partial(measured, mode=mode, dtype=dtype), output, format)
        return
    if spec is None:
        raise UsageError("a SPEC is needed, or --fit")
    if output is not None or name:
        raise UsageError("--output and --name go with --fit; results are printed")
    from archdsl.pipeline.latency import measure_latency

    network = loaded(spec, settings, inputs, decisions)
    try:
        with progress_bar(f"measuring {network.name}") as bar:
            found = measure_latency(
                network,
                device,
                batch_size,
                rounds,
                threads=threads,
                clock=clock,
                mode=mode,
                dtype=dtype,
                on_start=bar.start,
                on_pass=bar.advance,
            )
    except ValueError as error:
        raise UsageError(str(error)) from None
    if format == "json":
        print_json(found.to_dict())
    else:
        print(_text(found, rows))


def _fit(fit: Callable[..., tuple[DeviceProfile, Fitted]], output: Path, format: str) -> None:
    from archdsl.analysis.latency.profile_file import write_profile

    try:
        with progress_bar("measuring") as bar:

            def step(what: str) -> None:
                bar.advance()
                bar.describe(what)

            profile, fitted = fit(on_start=bar.start, on_step=step)
    except ValueError as error:
        raise UsageError(str(error)) from None
    write_profile(profile, output)
    if format == "json":
        print_json({**profile.summary(), "errors": fitted.errors})
        return
    from archdsl.report.units import human

    print(f"{profile.name}: {human(int(profile.peak_flops))}flop/s, {human(int(profile.bandwidth))}B/s")
    print(
        f"{len(fitted.errors)} networks measured; left out of the fit in turn, they are predicted with a mean error of "
        f"{fitted.mean_error:.1%}, rank correlation {fitted.rank_correlation:.3f}"
    )
    for network, off in sorted(fitted.errors.items(), key=lambda item: -item[1])[:5]:
        print(f"  {off:6.1%}  {network}")
    progress(f"device profile: {output}")


def _text(found: ProfileReport, rows: Rows) -> str:
    from archdsl.report.latency_text import measured_layers, measured_operators, measured_summary

    tables = {"layers": measured_layers, "operators": measured_operators}
    summary = measured_summary(found)
    return f"{tables[rows](found)}\n\n{summary}" if rows in tables else summary
