"""What is seen of a search: one quiet table on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from archdsl_search.cli.output import duration, number
from archdsl_search.outcome import State

if TYPE_CHECKING:
    from archdsl_search.driver.spending import Spending
    from archdsl_search.journal.records import Result
    from archdsl_search.sweep.parts import Parts

# Seconds between two lines, where there is no terminal.
PAUSE = 10.0
REFRESH = 0.25


class Display:
    """Shows a run on standard error while the `with` block runs."""

    def __init__(self, quiet: bool):
        console = Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._parts: Parts | None = None
        self._counts: dict[str, int] = {}
        self._best: Result | None = None
        self._running = 0
        self._spending: Spending | None = None
        self._started = self._shown = time.monotonic()
        self._said = -1

    def watch(self, parts: Parts) -> Display | None:
        """Begin to show a run with these parts; None if nothing is to be shown."""
        self._parts = parts
        return None if self._quiet else self

    def __enter__(self) -> Self:
        if self._live is not None and not self._quiet:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        if self._live is not None and not self._quiet:
            self._live.stop()

    def on_result(self, result: Result) -> None:
        """Count it."""
        name = "replayed" if result.replayed is not None else str(result.state)
        self._counts[name] = self._counts.get(name, 0) + 1
        if result.state is State.FINISHED and result.objective:
            before = self._best.objective if self._best else None
            if before is None or result.objective[0] > before[0]:
                self._best = result

    def on_tick(self, running: int, spending: Spending) -> None:
        """Show where the run stands, if it is time to."""
        self._running, self._spending = running, spending
        now = time.monotonic()
        if now - self._shown < (REFRESH if self._live is not None else PAUSE):
            return
        self._shown = now
        if self._live is not None:
            self._live.update(self._table(), refresh=True)
        elif spending.trials != self._said:
            self._said = spending.trials
            print(self._line(), file=sys.stderr, flush=True)

    def _line(self) -> str:
        text = f"{self._progress()}  {duration(time.monotonic() - self._started)}"
        if self._best is not None and self._best.objective and self._parts is not None:
            text += f"  best {self._parts.objective.labels[0]} {number(self._best.objective[0])}"
        return text

    def _progress(self) -> str:
        trials = self._spending.trials if self._spending else 0
        most = self._parts.sweep.budget.trials if self._parts else None
        of = f"/{most:,}" if most else ""
        return f"{trials:,}{of} trials, {self._running} running"

    def _table(self) -> Table:
        assert self._parts is not None
        sweep = self._parts.sweep
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_row("search", sweep.name or sweep.space.file)
        table.add_row("by", f"{sweep.searcher['name']}, {self._parts.plan.kind.name}")
        table.add_row("trials", self._progress())
        others = ", ".join(f"{count:,} {name}" for name, count in self._counts.items() if name != "finished")
        if others:
            table.add_row("", others)
        if self._best is not None and self._best.objective:
            values = zip(self._parts.objective.labels, self._best.objective, strict=True)
            table.add_row("best", ", ".join(f"{n} {number(v)}" for n, v in values) + f"  (trial {self._best.trial})")
        table.add_row("time", duration(time.monotonic() - self._started))
        return table
