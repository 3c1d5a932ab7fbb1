"""`archdsl compile --explain`: what the optimizing passes do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from archdsl.cli.output import print_json, table
from archdsl.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from archdsl.pipeline.architecture import Architecture
    from archdsl.pipeline.explaining import Explanation


def show_passes(architecture: Architecture, timed: bool, format: Literal["text", "json"]) -> None:
    """Run the passes and print what each did, and what it is predicted and, if `timed`, measured to gain."""
    from archdsl.pipeline.explaining import explain_passes

    with progress_bar("measuring") as bar:
        found = explain_passes(architecture, timed=timed, start=bar.start, advance=bar.advance)
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
    from archdsl.report.pass_text import change
    from archdsl.report.units import human_seconds

    before = found.effects[0]
    for effect in found.effects:
        old, new = before.figures, effect.figures
        row: list[object] = [effect.name, new.operators]
        row += [change(old.mult_adds, new.mult_adds), change(old.memory_access, new.memory_access)]
        if effect.seconds is not None and before.seconds is not None:
            share = effect.seconds / before.seconds - 1
            row.append(human_seconds(effect.seconds) + (f" ({share:+.1%})" if effect is not before else ""))
        yield row
        before = effect
