"""What is seen of a training: a progress bar on a terminal, a line for each epoch anywhere else."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from archdsl.training.results import EpochReport, StepReport


class TrainingDisplay:
    """Shows a training on standard error while the `with` block runs."""

    def __init__(self) -> None:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._terminal = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not self._terminal,
        )
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self._bar.stop()

    def on_step(self, report: StepReport) -> None:
        """Move the bar."""
        done = (report.epoch - 1) * report.steps + report.step
        text = f"epoch {report.epoch}/{report.epochs}  loss {report.loss:.3f}"
        self._bar.update(self._task, completed=done, total=report.epochs * report.steps, description=text)

    def on_epoch(self, report: EpochReport) -> None:
        """Print the line of an epoch."""
        line = (
            f"epoch {report.epoch:>3}  loss {report.train_loss:.4f}  train {report.train_accuracy:.2%}  "
            f"validation {report.validation_accuracy:.2%}  {report.seconds:.1f} s"
        )
        if self._terminal:
            self._bar.console.print(line)
        else:
            print(line, file=sys.stderr, flush=True)
