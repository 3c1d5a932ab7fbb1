"""Progress of measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def measuring_bar() -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """A progress bar on a terminal, nothing elsewhere: functions that start and advance it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("measuring"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("measuring", total=None)
        yield (lambda total: shown.update(task, total=total), lambda: shown.advance(task))
