"""Measured and predicted time as text tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from archdsl.report.cost_table import text_table
from archdsl.report.units import human_seconds

if TYPE_CHECKING:
    from archdsl.analysis.latency.prediction import LatencyReport


class Spread(Protocol):
    """Seconds: median, quartiles, fastest."""

    @property
    def median(self) -> float: ...
    @property
    def lower(self) -> float: ...
    @property
    def upper(self) -> float: ...
    @property
    def least(self) -> float: ...


class Facts(Protocol):
    """What was measured on."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def threads(self) -> int: ...
    @property
    def torch(self) -> str: ...


class Layer(Protocol):
    """A measured layer."""

    @property
    def path(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def seconds(self) -> Spread: ...


class Measured(Protocol):
    """A measured network."""

    @property
    def name(self) -> str: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def rounds(self) -> int: ...
    @property
    def runtime(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def dtype(self) -> str: ...

    @property
    def clock(self) -> str: ...
    @property
    def device(self) -> Facts: ...
    @property
    def whole(self) -> Spread: ...
    @property
    def layers(self) -> Sequence[Layer]: ...
    @property
    def steps_seconds(self) -> float: ...


def measured_summary(found: Measured) -> str:
    """Name, device, and the time of the whole."""
    device, whole = found.device, found.whole
    threads = f", {device.threads} threads" if device.kind == "cpu" else ""
    spread = f"{human_seconds(whole.lower)} to {human_seconds(whole.upper)}"
    clock = ", processor time" if found.clock == "cpu" else ""
    form = f"optimized for inference, {found.runtime}" if found.mode == "inference" else found.runtime
    return (
        f"{found.name}, batch of {found.batch_size}, {found.dtype}, {form}{clock}\n"
        f"{device.kind} {device.name}{threads}, torch {device.torch}\n\n"
        f"whole network  {human_seconds(whole.median)}  (quartiles {spread}, fastest {human_seconds(whole.least)}, "
        f"{found.rounds} rounds)\n"
        f"sum of layers  {human_seconds(found.steps_seconds)}  (timed one by one)"
    )


def measured_layers(found: Measured) -> str:
    """One row for each layer, in graph order."""
    total = found.steps_seconds or 1.0
    rows = []
    for layer in found.layers:
        t = layer.seconds
        own = [human_seconds(s) for s in (t.median, t.lower, t.upper)]
        rows.append((layer.path, layer.op, *own, f"{t.median / total:.1%}"))
    return text_table(("layer", "operator", "median", "lower", "upper", "share"), rows, left=2)


def measured_operators(found: Measured) -> str:
    """Totals for each kind of operator, the slowest first."""
    return _operators([(layer.op, layer.seconds.median) for layer in found.layers])


def _operators(layers: Sequence[tuple[str, float]]) -> str:
    sums: dict[str, list[float]] = {}
    for op, seconds in layers:
        sums.setdefault(op, []).append(seconds)
    total = sum(seconds for _, seconds in layers) or 1.0
    order = sorted(sums.items(), key=lambda item: -sum(item[1]))
    rows = [(op, str(len(own)), human_seconds(sum(own)), f"{sum(own) / total:.1%}") for op, own in order]
    return text_table(("operator", "layers", "time", "share"), rows, left=1)


def predicted_summary(found: LatencyReport) -> str:
    """The predicted time with its interval, and what the profile was not measured for."""
    interval = f"{human_seconds(found.low)} to {human_seconds(found.high)} in 80 % of cases, on {found.device}"
    first = f"{'predicted time':<21}  {human_seconds(found.seconds):>10}  {interval}"
    runtime = _what(found)
    of = [f"{'':<21}  {'':>10}  of {runtime}"] if runtime else []
    return "\n".join([first, *of, *(f"{'':<21}  {'':>10}  beyond the profile: {what}" for what in found.beyond)])


def _what(found: LatencyReport) -> str:
    """What the predicted time is of; empty if the profile doesn't say."""
    if found.mode == "inference":
        return f'archdsl.compile(mode="inference", runtime="{found.runtime}"), {found.dtype}'
    return "the plain module in evaluation, not optimized" if found.runtime == "eager" else found.runtime


def predicted_operators(found: LatencyReport) -> str:
    """Predicted totals for each kind of operator, the slowest first."""
    return _operators([(layer.op, layer.seconds) for layer in found.layers])
