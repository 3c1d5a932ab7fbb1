"""`archdsl bench`: experiments from papers on this device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archdsl.cli.arguments import Clock, Force, TextOrJson, Threads, expect_free
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, progress, table
from archdsl.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from archdsl.pipeline.guideline_bench import GuidelineBench, Measured

app = typer.Typer(help="Measure this device with experiments from papers.", rich_markup_mode=None, add_completion=False)


@app.callback()
def _group() -> None:
    """Measure this device with experiments from papers."""


@app.command("guidelines")
def guidelines_command(
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1.")] = "cpu",
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Samples in a batch.")] = 1,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=2, help="Samples of each network, by default 15; 5 with --quick.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Narrow networks only (factor 1), fewer samples.")] = False,
    threads: Threads = None,
    clock: Clock = "wall",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the device profile (JSON).")
    ] = None,
    force: Force = False,
    format: TextOrJson = "text",
) -> None:
    """Repeat the experiments behind guidelines G1 to G4 (Tables 1 to 4 of ShuffleNetV2).

    Each network is measured warm, in rounds that take all in turn; medians are printed beside the multiply-adds, the
    memory access and the paper's speeds. `relative` is the speed over that of the table's first row, on this device and
    in the paper. Time is then fitted as a * multiply-adds + b * memory access + c * nodes: the device profile.
    """
    from archdsl.pipeline.guideline_bench import QUICK_ROUNDS, ROUNDS, bench_guidelines

    if output is not None:
        expect_free(output, force)
    factors = (1,) if quick else (1, 2, 4)
    try:
        with progress_bar("measuring") as bar:
            taken = rounds or (QUICK_ROUNDS if quick else ROUNDS)
            result = bench_guidelines(device, batch_size, factors, taken, bar.start, bar.advance, threads, clock)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if format == "json":
        print_json(result.to_dict())
    else:
        print(_text(result))
    if output is not None:
        _write(output, result)


def _write(path: Path, result: GuidelineBench) -> None:
    from archdsl.analysis.latency.profile_file import write_profile

    write_profile(result.profile(), path)
    progress(f"device profile: {path}")


def _text(result: GuidelineBench) -> str:
    parts = []
    for (number, guideline), rows in groupby(result.rows, lambda row: (row.experiment.table, row.experiment.guideline)):
        parts.append(f"Table {number}, {guideline}\n{_table(list(rows), result)}")
    facts, model = result.device, result.model
    threads = f", {facts.threads} threads" if facts.kind == "cpu" else ""
    held_out = "" if result.held_out_error is None else f", {result.held_out_error:.1%} on tables left out of the fit"
    parts.append(
        f"{facts.kind} {facts.name}{threads}, torch {facts.torch}, batch of {result.batch_size}, float32\n"
        f"seconds = {model.per_mult_add:.3g} * mult_adds + {model.per_element:.3g} * memory_access + "
        f"{model.per_node:.3g} * nodes\n"
        f"mean error of the fit {result.error:.1%}{held_out}"
    )
    return "\n\n".join(parts)


def _table(rows: list[Measured], result: GuidelineBench) -> str:
    unit = rows[0].experiment.unit
    header = ["factor", "row", "mult_adds", "memory_access", "batches/s", "quartiles", "fitted", "relative"]
    text = table([*header, f"paper {unit}", "paper relative"], _rows(rows, result))
    shares = [(row, share) for row in rows if (share := result.elementwise(row)) is not None and not row.is_bare]
    if not shares:
        return text
    found = [
        [f"x{row.experiment.factor}", row.experiment.row, *[f"{part:.1%}" for part in share]] for row, share in shares
    ]
    # The difference to the row `neither`.
    columns = ["factor", "element-wise steps", "of memory access", "of time", "of fitted time", "of the paper's time"]
    return f"{text}\n\n{table(columns, found)}"


def _rows(rows: Iterable[Measured], result: GuidelineBench) -> Iterator[list[object]]:
    for factor, members in groupby(rows, lambda row: row.experiment.factor):
        taken = list(members)
        first = taken[0]
        for row in taken:
            given = row.experiment
            yield [
                f"x{factor}",
                given.row,
                row.work.mult_adds,
                row.work.memory_access,
                f"{row.speed:.1f}",
                f"{1 / row.timing.upper:.1f} to {1 / row.timing.lower:.1f}",
                f"{1 / result.model.seconds(row.work):.1f}",
                f"{row.speed / first.speed:.2f}",
                f"{given.published:g}",
                f"{given.published / first.experiment.published:.2f}",
            ]
