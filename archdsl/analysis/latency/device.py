"""A device in numbers: measured peaks, and what predicts the time of steps on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from archdsl.analysis.latency.forms import Mode, mode_of
from archdsl.analysis.latency.predictor import Predictor


@dataclass(frozen=True)
class DeviceProfile:
    """What is known of a device.

    Attributes:
        name: for people.
        peak_flops: floating-point operations a second at most, a multiply-add being two.
        bandwidth: bytes a second between memory and the arithmetic units.
        predictor: None in a profile that has the peaks alone.
        measured: what was measured with: device, threads, runtime, versions; what the fit was made of, its errors.
    """

    name: str
    peak_flops: float
    bandwidth: float
    predictor: Predictor | None = None
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        """Which form of a network its predictor is for."""
        return mode_of(self.measured.get("mode", "plain"))

    @property
    def dtype(self) -> str:
        """In which type of numbers networks were measured."""
        return str(self.measured.get("dtype", "float32"))

    @property
    def ridge(self) -> float:
        """Operations per byte from which on arithmetic, and not memory, is the limit."""
        return self.peak_flops / self.bandwidth

    def attainable(self, intensity: float) -> float:
        """Operations a second that are possible at this arithmetic intensity."""
        return min(self.peak_flops, intensity * self.bandwidth)

    def summary(self) -> dict[str, Any]:
        """The device without the numbers of its predictor."""
        peaks = {"name": self.name, "peak_flops": self.peak_flops, "bandwidth": self.bandwidth}
        return {**peaks, **self.measured}
