"""The experiments behind G1 to G4, measured on this device beside the prediction and the paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.analysis.costing import cost_report
from archdsl.analysis.experiments.linear_model import LinearModel, Work, fit, mean_relative_error
from archdsl.analysis.experiments.shufflenet_v2 import FACTORS, Experiment, experiments

if TYPE_CHECKING:
    from archdsl.backends.torch.stopwatch import DeviceFacts, Timing

# Raised when a field of the profile changes its meaning or goes.
PROFILE_VERSION = 1
ROUNDS, QUICK_ROUNDS = 15, 5


@dataclass(frozen=True)
class Measured:
    """An experiment with what it does and how long it took."""

    experiment: Experiment
    work: Work
    timing: Timing

    @property
    def speed(self) -> float:
        """Batches a second."""
        return 1 / self.timing.median


@dataclass(frozen=True)
class GuidelineBench:
    """What the benchmark gives.

    Attributes:
        rows: one for each network, by table, factor and row.
        model: fitted to all of them.
        error: mean relative error of the model on the networks it was fitted to.
        held_out: the same on each table in turn, fitted to the others only; None with a single table.
    """

    device: DeviceFacts
    batch_size: int
    rows: tuple[Measured, ...]
    model: LinearModel
    error: float
    held_out: float | None

    def profile(self) -> dict[str, Any]:
        """The device profile as plain data."""
        return {
            "schema_version": PROFILE_VERSION,
            "kind": "linear",
            "device": self.device._asdict(),
            "batch_size": self.batch_size,
            "dtype": "float32",
            "coefficients": {
                "seconds_per_mult_add": self.model.per_mult_add,
                "seconds_per_element": self.model.per_element,
                "seconds_per_node": self.model.per_node,
            },
            "fit": {
                "networks": len(self.rows),
                "mean_relative_error": self.error,
                "held_out_mean_relative_error": self.held_out,
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """Profile and rows as plain data."""
        return {**self.profile(), "rows": [self._row(row) for row in self.rows]}

    def _row(self, row: Measured) -> dict[str, Any]:
        given = row.experiment
        return {
            "table": given.table,
            "guideline": given.guideline,
            "row": given.row,
            "factor": given.factor,
            **row.work._asdict(),
            "seconds": row.timing._asdict(),
            "batches_per_second": row.speed,
            "predicted_seconds": self.model.seconds(row.work),
            "published": given.published,
            "published_unit": given.unit,
        }


def bench_guidelines(
    device: str = "cpu",
    batch_size: int = 1,
    factors: Sequence[int] = FACTORS,
    rounds: int = ROUNDS,
    on_start: Callable[[int], None] = lambda total: None,
    on_pass: Callable[[], None] = lambda: None,
) -> GuidelineBench:
    """Measure the networks of Tables 1 to 4 of arXiv:1807.11164.

    Args:
        device: `cpu`, `cuda`, `cuda:1`.
        batch_size: samples in a batch.
        factors: of the channels; some of 1, 2, 4.
        rounds: samples of each network.
        on_start: called with the number of calls of `on_pass` to come.
        on_pass: called after each step of the measurement.

    Raises:
        ValueError: for an unknown device, or too few rounds.
    """
    from archdsl.backends.torch.stopwatch import device_facts, time_graphs

    facts = device_facts(device)
    given = list(experiments(tuple(factors)))
    on_start(len(given) * (rounds + 1))
    timings = time_graphs([e.graph for e in given], device, batch_size, rounds, on_pass)
    rows = tuple(Measured(e, _work(e, batch_size), t) for e, t in zip(given, timings, strict=True))
    work, seconds = [row.work for row in rows], [row.timing.median for row in rows]
    model = fit(work, seconds)
    return GuidelineBench(
        facts, batch_size, rows, model, mean_relative_error(model, work, seconds), _held_out_error(rows)
    )


def _work(experiment: Experiment, batch_size: int) -> Work:
    report = cost_report(experiment.graph, batch_size)
    return Work(report.mult_adds, report.memory_access, len(experiment.graph.nodes))


def _held_out_error(rows: Sequence[Measured]) -> float | None:
    tables = {row.experiment.guideline for row in rows}
    if len(tables) < 2:
        return None
    total = 0.0
    for table in tables:
        known = [row for row in rows if row.experiment.guideline != table]
        unseen = [row for row in rows if row.experiment.guideline == table]
        model = fit([row.work for row in known], [row.timing.median for row in known])
        error = mean_relative_error(model, [row.work for row in unseen], [row.timing.median for row in unseen])
        total += error * len(unseen)
    return total / len(rows)
