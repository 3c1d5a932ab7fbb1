"""Measured networks: what a predictor is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from archdsl.analysis.latency.steps import Step


@dataclass(frozen=True)
class Observation:
    """One network that was measured, once or in several passes minutes apart.

    Attributes:
        steps, seconds: its steps and the time of each, timed step by step: the fastest round; the median of passes.
        whole: the time of a whole forward pass, likewise.
        wholes: of each pass. They differ as the machine's speed does from one minute to another.
    """

    name: str
    batch_size: int
    steps: tuple[Step, ...]
    seconds: tuple[float, ...]
    whole: float
    wholes: tuple[float, ...] = ()

    @property
    def passes(self) -> tuple[float, ...]:
        """The time of the whole in each pass."""
        return self.wholes or (self.whole,)


def joined(passes: Sequence[Observation]) -> Observation:
    """Several measurements of one network as one."""
    wholes = tuple(whole for found in passes for whole in found.passes)
    seconds = tuple(median(column) for column in zip(*(found.seconds for found in passes), strict=True))
    return replace(passes[0], seconds=seconds, whole=median(wholes), wholes=wholes)
