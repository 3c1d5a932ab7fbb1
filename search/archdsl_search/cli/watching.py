"""What watches a run: the display, and what `--log` asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from archdsl_search.cli.display import Display

if TYPE_CHECKING:
    from archdsl_search.driver.driver import Watcher
    from archdsl_search.driver.spending import Spending
    from archdsl_search.driver.tensorboard import TensorBoard
    from archdsl_search.journal.records import Result
    from archdsl_search.sweep.parts import Parts

Log: TypeAlias = Annotated[
    Literal["tensorboard"] | None,
    typer.Option("--log", help="Write the run for another program too: RUN/tensorboard, with tensorboardX."),
]


class Watching:
    """Hands on what happens."""

    def __init__(self, run: Path, display: Display, log: str | None):
        self._run = run
        self._display = display
        self._log = log
        self._watchers: list[Watcher] = []
        self._opened: list[TensorBoard] = []

    def watch(self, parts: Parts) -> Watcher | None:
        """Begin; called once the parts are known."""
        shown = self._display.watch(parts)
        self._watchers = [] if shown is None else [shown]
        if self._log == "tensorboard":
            from archdsl_search.driver.tensorboard import TensorBoard
            from archdsl_search.journal.reader import Journal

            board = TensorBoard(self._run, tuple(parts.objective.labels), Journal(self._run).results())
            self._opened.append(board)
            self._watchers.append(board)
        return self if self._watchers else None

    def on_result(self, result: Result) -> None:
        """A trial has ended."""
        for watcher in self._watchers:
            watcher.on_result(result)

    def on_tick(self, running: int, spending: Spending) -> None:
        """Now and then."""
        for watcher in self._watchers:
            watcher.on_tick(running, spending)

    def close(self) -> None:
        """Write what is left."""
        for opened in self._opened:
            opened.close()


@contextmanager
def watching(run: Path, quiet: bool, log: str | None) -> Iterator[Watching]:
    """Watches a run while the block runs."""
    with Display(quiet) as display:
        found = Watching(run, display, log)
        try:
            yield found
        finally:
            found.close()
