"""`archdsl compress`: a trained network becomes a smaller or a larger one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from archdsl.cli.arguments import Decisions, Force, Inputs, Settings, Spec, TextOrJson, loaded
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, progress, table

if TYPE_CHECKING:
    from archdsl import Compressed

app = typer.Typer(
    help="Prune, factorize, widen or deepen a trained network.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)

WeightsFile = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help="Weights of the network (.safetensors); else fresh ones."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="The new spec; its weights go beside it as .safetensors."),
]
Params = Annotated[
    float | None, typer.Option("--params", help="Budget: a share of the parameters, up to 1, or a number.")
]
MultAdds = Annotated[
    float | None, typer.Option("--mult-adds", help="Budget: a share of the multiply-adds, up to 1, or a number.")
]


@app.callback()
def _group() -> None:
    """Prune, factorize, widen or deepen a trained network: a new spec, and weights for it."""


@app.command("prune")
def prune_command(
    spec: Spec,
    weights: WeightsFile = None,
    output: Output = None,
    params: Params = None,
    mult_adds: MultAdds = None,
    criterion: Annotated[
        Literal["l1", "l2", "geometric_median"], typer.Option("--criterion", help="What makes a filter important.")
    ] = "l1",
    allocation: Annotated[
        Literal["global", "uniform"],
        typer.Option("--allocation", help="Compare the filters of all layers, or take equal shares of each."),
    ] = "global",
    keep_at_least: Annotated[
        float, typer.Option("--keep-at-least", help="Share of its filters that every layer keeps.")
    ] = 0.1,
    multiple_of: Annotated[int, typer.Option("--multiple-of", min=1, help="Numbers of filters are multiples.")] = 1,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    force: Force = False,
    format: TextOrJson = "text",
) -> None:
    """Remove the least important filters until the network is within a budget.

    Channels that residual sums, concats, depthwise convolutions and shuffles tie together go together.
    """
    import archdsl

    options = {
        "params": params, "mult_adds": mult_adds, "criterion": criterion, "allocation": allocation,
        "keep_at_least": keep_at_least, "multiple_of": multiple_of,
    }  # fmt: skip
    _run(archdsl.prune, options, loaded(spec, settings, inputs, decisions), weights, output, force, format)


@app.command("factorize")
def factorize_command(
    spec: Spec,
    weights: WeightsFile = None,
    output: Output = None,
    energy: Annotated[
        float | None,
        typer.Option("--energy", help="Share of the squared singular values that is kept; 0.9 without a budget."),
    ] = None,
    params: Params = None,
    mult_adds: MultAdds = None,
    scheme: Annotated[
        Literal["bottleneck", "spatial"],
        typer.Option("--scheme", help="The window, then 1x1; or a column of the window, then a row."),
    ] = "bottleneck",
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    force: Force = False,
    format: TextOrJson = "text",
) -> None:
    """Replace convolutions and linears by pairs of low rank, where that makes them smaller."""
    import archdsl

    options = {"energy": energy, "params": params, "mult_adds": mult_adds, "scheme": scheme}
    _run(archdsl.factorize, options, loaded(spec, settings, inputs, decisions), weights, output, force, format)


@app.command("widen")
def widen_command(
    spec: Spec,
    weights: WeightsFile = None,
    output: Output = None,
    factor: Annotated[float, typer.Option("--factor", help="How many times as many filters.")] = 1.5,
    layers: Annotated[
        list[str] | None, typer.Option("--layer", metavar="PATH", help="A layer to widen; repeat for several.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chooses the filters that are copied.")] = 0,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    force: Force = False,
    format: TextOrJson = "text",
) -> None:
    """Give layers more filters; the outputs stay the same (Net2Net)."""
    import archdsl

    options = {"factor": factor, "layers": layers or (), "seed": seed}
    _run(archdsl.widen, options, loaded(spec, settings, inputs, decisions), weights, output, force, format)


@app.command("deepen")
def deepen_command(
    spec: Spec,
    weights: WeightsFile = None,
    output: Output = None,
    steps: Annotated[
        list[str] | None,
        typer.Option("--step", metavar="PATH", help="A relu to put a layer behind; by default the last of each size."),
    ] = None,
    kernel_size: Annotated[int, typer.Option("--kernel-size", min=1, help="Of new convolutions, odd.")] = 3,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    force: Force = False,
    format: TextOrJson = "text",
) -> None:
    """Put in layers that leave the outputs as they are (Net2Net)."""
    import archdsl

    options = {"steps": steps or (), "kernel_size": kernel_size}
    _run(archdsl.deepen, options, loaded(spec, settings, inputs, decisions), weights, output, force, format)


def _run(
    transform: Callable[..., Compressed],
    options: dict[str, Any],
    architecture: Any,
    weights: Path | None,
    output: Path | None,
    force: bool,
    format: str,
) -> None:
    import archdsl

    files = [] if output is None else [output, output.with_suffix(".safetensors")]
    there = [path for path in files if path.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} is there already; --force overwrites it")
    if weights is None:
        progress("no --weights: the network is initialised afresh")
    try:
        made = transform(architecture, weights, **options)
    except archdsl.CompressionError as error:
        raise UsageError(str(error)) from None
    if files:
        made.save(*files)
    if format == "json":
        print_json({**made.to_dict(), "files": [str(path) for path in files]})
        return
    _print_cost(made)
    for path in files:
        print(path)
    if not files:
        progress("nothing was written; -o FILE keeps the spec and its weights")


def _print_cost(made: Compressed) -> None:
    for note in made.notes:
        progress(note)
    for change in made.changes:
        progress(f"{change.path}: {change.what}")
    found = made.to_dict()
    before, after = found["before"], found["after"]
    rows = [[name, before[name], after[name], f"{after[name] / before[name]:.3f}"] for name in before]
    print(table(["", "before", "after", "share"], rows))
