"""`archdsl compile --explain`: what the optimizing passes do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, table
from archdsl.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from archdsl.pipeline.architecture import Architecture
    from archdsl.pipeline.explaining import Effect, Explanation


def show_passes(
    architecture: Architecture, timed: bool, runtime: str | None, batch_size: int, format: Literal["text", "json"]
) -> None:
    """Run the passes and print what each did, and what it is predicted and, if `timed`, measured to gain.

    Raises:
        UsageError: if the runtime isn't here or doesn't take the network.
    """
    from archdsl.pipeline.explaining import explain_passes

    with progress_bar("measuring") as bar:
        options: dict[str, Any] = {"timed": timed, "runtime": runtime, "batch_size": batch_size}
        try:
            found = explain_passes(architecture, **options, start=bar.start, advance=bar.advance)
        except RuntimeError as error:  # a runtime that is missing or doesn't take one of the graphs
            raise UsageError(str(error)) from error
    if format == "json":
        print_json(found.to_dict())
    else:
        print(_text(found))


def _text(found: Explanation) -> str:
    from archdsl.report.pass_text import notes_text

    header = ["pass", "operators", "mult_adds", "memory_access", *(["time"] if found.runtime else [])]
    parts = [f"{found.network}, one sample", table(header, _rows(found)), notes_text(found.effects)]
    if found.runtime:
        parts.append(f"measured with a batch of {found.batch_size}: {found.runtime}")
    return "\n\n".join(part for part in parts if part)


def _rows(found: Explanation) -> Iterator[list[object]]:
    before = found.effects[0]
    for effect in found.effects:
        yield _row(effect.name, before, effect)
        before = effect
    if len(found.effects) > 2:
        yield _row("all of them", found.effects[0], before)


def _row(name: str, before: Effect, after: Effect) -> list[object]:
    """What is left behind a pass, with the change since `before`."""
    from archdsl.report.pass_text import change
    from archdsl.report.units import human_seconds

    old, new = before.figures, after.figures
    row: list[object] = [name, new.operators]
    row += [change(old.mult_adds, new.mult_adds), change(old.memory_access, new.memory_access)]
    if after.seconds is not None and before.seconds is not None:
        share = after.seconds / before.seconds - 1
        row.append(human_seconds(after.seconds) + (f" ({share:+.1%})" if after is not before else ""))
    return row
