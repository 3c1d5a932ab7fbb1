"""The experiments behind G1 to G4, measured on this device beside the prediction and the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.analysis.costing import cost_report
from archdsl.analysis.experiments.linear_model import LinearModel, Work, fit, mean_relative_error
from archdsl.analysis.experiments.shufflenet_v2 import FACTORS, Experiment, experiments

if TYPE_CHECKING:
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.backends.torch.peaks import Peaks
    from archdsl.backends.torch.stopwatch import Clock, DeviceFacts, Timing

# Raised when a field of the JSON form changes its meaning or goes.
SCHEMA_VERSION = 1
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

    @property
    def is_bare(self) -> bool:
        """Whether it is the network of G4 without element-wise steps."""
        return self.experiment.guideline == "G4" and self.experiment.row == "neither"


class ElementwiseShare(NamedTuple):
    """The share of element-wise steps in a network: of memory access, of measured, fitted and published time."""

    memory_access: float
    time: float
    fitted_time: float
    published_time: float


@dataclass(frozen=True)
class GuidelineBench:
    """What the benchmark gives.

    Attributes:
        rows: one for each network, by table, factor and row.
        model: fitted to all of them.
        error: mean relative error of the model on the networks it was fitted to.
        held_out: measured over predicted time of each network, fitted to the other tables only; empty with a single
            table.
        peaks: of the device: floating-point operations and bytes a second.
    """

    device: DeviceFacts
    clock: str
    batch_size: int
    rows: tuple[Measured, ...]
    model: LinearModel
    error: float
    held_out: tuple[float, ...]
    peaks: Peaks

    @property
    def held_out_error(self) -> float | None:
        """Mean relative error on tables left out of the fit; None with a single table."""
        return sum(abs(1 / ratio - 1) for ratio in self.held_out) / len(self.held_out) if self.held_out else None

    def elementwise(self, row: Measured) -> ElementwiseShare | None:
        """What the ReLUs and shortcuts of a network of G4 take: the difference to the one that has neither.

        None for the experiments of other guidelines.
        """
        if row.experiment.guideline != "G4":
            return None
        key = (row.experiment.table, row.experiment.factor)
        without = next(r for r in self.rows if (r.experiment.table, r.experiment.factor) == key and r.is_bare)
        return ElementwiseShare(
            1 - without.work.memory_access / row.work.memory_access,
            1 - without.timing.median / row.timing.median,
            1 - self.model.seconds(without.work) / self.model.seconds(row.work),
            1 - row.experiment.published / without.experiment.published,
        )

    def profile(self) -> DeviceProfile:
        """The device profile: the fitted coefficients are its predictor."""
        from archdsl.analysis.latency.device import DeviceProfile
        from archdsl.analysis.latency.predictor import LinearPredictor

        model = self.model
        ratios = sorted(self.held_out) or [1.0]
        low, high = (ratios[round(part * (len(ratios) - 1))] for part in (0.1, 0.9))
        predictor = LinearPredictor(low, high, model.per_mult_add, model.per_element, model.per_node)
        measured = {
            "device": self.device._asdict(),
            "runtime": "eager",
            "clock": self.clock,
            "dtype": "float32",
            "batch_size": self.batch_size,
            "fit": {
                "networks": len(self.rows),
                "mean_error": self.error,
                "held_out_mean_error": self.held_out_error,
            },
        }
        return DeviceProfile(self.device.name, self.peaks.flops, self.peaks.bandwidth, predictor, measured)

    def to_dict(self) -> dict[str, Any]:
        """Device, fit and rows as plain data."""
        profile = self.profile()
        assert profile.predictor is not None
        head = {"schema_version": SCHEMA_VERSION, **profile.summary(), "predictor": profile.predictor.to_dict()}
        return {**head, "rows": [self._row(row) for row in self.rows]}

    def _row(self, row: Measured) -> dict[str, Any]:
        given, share = row.experiment, self.elementwise(row)
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
            "elementwise": None if share is None else share._asdict(),
        }


def bench_guidelines(
    device: str = "cpu",
    batch_size: int = 1,
    factors: Sequence[int] = FACTORS,
    rounds: int = ROUNDS,
    on_start: Callable[[int], None] = lambda total: None,
    on_pass: Callable[[], None] = lambda: None,
    threads: int | None = None,
    clock: Clock = "wall",
) -> GuidelineBench:
    """Measure the networks of Tables 1 to 4 of arXiv:1807.11164.

    Args:
        device: `cpu`, `cuda`, `cuda:1`.
        batch_size: samples in a batch.
        factors: of the channels; some of 1, 2, 4.
        rounds: samples of each network.
        on_start: called with the number of calls of `on_pass` to come.
        on_pass: called after each step of the measurement.
        threads, clock: as of `archdsl.profile`.

    Raises:
        ValueError: for an unknown device, or too few rounds.
    """
    from archdsl.backends.torch import stopwatch
    from archdsl.backends.torch.peaks import measured_peaks

    given = list(experiments(tuple(factors)))
    on_start(len(given) * (rounds + 1))
    with stopwatch.threads(threads):
        facts = stopwatch.device_facts(device)
        peaks = measured_peaks(stopwatch.checked_device(device))
        timings = stopwatch.time_graphs([e.graph for e in given], device, batch_size, rounds, on_pass, clock)
    rows = tuple(Measured(e, _work(e, batch_size), t) for e, t in zip(given, timings, strict=True))
    work, seconds = [row.work for row in rows], [row.timing.median for row in rows]
    model = fit(work, seconds)
    error = mean_relative_error(model, work, seconds)
    return GuidelineBench(facts, clock, batch_size, rows, model, error, tuple(_held_out(rows)), peaks)


def _work(experiment: Experiment, batch_size: int) -> Work:
    report = cost_report(experiment.graph, batch_size)
    return Work(report.mult_adds, report.memory_access, len(experiment.graph.nodes))


def _held_out(rows: Sequence[Measured]) -> Iterator[float]:
    """Measured over predicted time of each network, the model fitted to the tables of other guidelines."""
    guidelines = {row.experiment.guideline for row in rows}
    if len(guidelines) < 2:
        return
    for guideline in sorted(guidelines):
        known = [row for row in rows if row.experiment.guideline != guideline]
        model = fit([row.work for row in known], [row.timing.median for row in known])
        for row in rows:
            if row.experiment.guideline == guideline:
                yield row.timing.median / model.seconds(row.work)
