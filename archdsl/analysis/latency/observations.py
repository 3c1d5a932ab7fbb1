"""Measured networks: what a predictor is fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archdsl.analysis.latency.predictor import Step


@dataclass(frozen=True)
class Observation:
    """One network that was measured.

    Attributes:
        steps, seconds: its steps and the time of each, timed step by step: the fastest round.
        whole: the time of a whole forward pass: the fastest round.
    """

    name: str
    batch_size: int
    steps: tuple[Step, ...]
    seconds: tuple[float, ...]
    whole: float

    def fastest(self, other: Observation) -> Observation:
        """Of two measurements of one network the faster one, for each step and for the whole."""
        seconds = tuple(map(min, self.seconds, other.seconds))
        return replace(self, seconds=seconds, whole=min(self.whole, other.whole))
