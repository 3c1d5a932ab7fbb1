"""What watches a run: the display, and what `--log` asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from archdsl_search.cli.display import Display
from archdsl_search.cli.output import warn
from archdsl_search.trackers.registry import Name

if TYPE_CHECKING:
    from archdsl_search.driver.driver import Watcher
    from archdsl_search.sweep.parts import Parts

Log: TypeAlias = Annotated[
    list[Name] | None,
    typer.Option(
        "--log",
        metavar="<tensorboard|mlflow|wandb>",
        help="Curves for another program, in RUN/NAME; may be given several times.",
    ),
]


@contextmanager
def watching(run: Path, quiet: bool, log: Sequence[Name] | None) -> Iterator[Callable[[Parts], Watcher | None]]:
    """Makes what watches a run, once its parts are known and it has its folder; closes it after the block.

    Raises:
        RefusedError: if a package is missing that `log` needs.
    """
    from archdsl_search.trackers.tracking import tracking

    with Display(quiet) as display, tracking(log or (), run, warn) as begin:

        def watch(parts: Parts) -> Watcher | None:
            from archdsl_search.driver.watchers import Watchers

            shown = display.watch(parts)
            found: list[Watcher] = [] if shown is None else [shown]
            found += begin(parts.described, parts.objective.labels)
            return Watchers(found) if found else None

        yield watch
