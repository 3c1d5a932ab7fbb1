"""A progress bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Bar(NamedTuple):
    """Functions that say how many steps there are, that one is done, and what is being done."""

    start: Callable[[int], None]
    advance: Callable[[], None]
    describe: Callable[[str], None]


@contextmanager
def progress_bar(what: str) -> Iterator[Bar]:
    """Show a bar on standard error while the block runs."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=None)
        yield Bar(
            lambda total: shown.update(task, total=total),
            lambda: shown.advance(task),
            lambda text: shown.update(task, description=text),
        )
