"""Latency: predicted from a device profile, or measured where the evaluation runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

import archdsl
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics

if TYPE_CHECKING:
    from archdsl import Space

_MILLISECONDS = 1e3


class LatencySettings(EvaluatorSettings):
    """On what, and how."""

    profile: Path | None = Field(
        None, description="A device profile (`archdsl profile --fit`): predict. Without one, measure."
    )
    device: str = Field("cpu", description="What is measured on: cpu, cuda, cuda:1.")
    batch_size: int = Field(1, ge=1, description="Samples in the batch.")
    rounds: int | None = Field(None, ge=2, description="Passes that are timed; by default as many as two seconds hold.")


class LatencyEvaluator(Evaluator[LatencySettings]):
    """`latency` of the inference form in milliseconds, one forward pass over the batch.

    Predicted, it takes milliseconds, needs no torch and is the same everywhere: the device may be another one than the
    search runs on. Measured, it is the median of warm passes; evaluations beside it disturb it, so that a sweep which
    measures should have `resources: {workers: 1}`.
    """

    name = "latency"
    settings_type = LatencySettings
    metrics = ("latency",)

    def __init__(self, space: Space, settings: LatencySettings):
        super().__init__(space, settings)
        # A profile that can't be read is a mistake in the sweep, not in every candidate.
        self._profile = None if settings.profile is None else archdsl.read_profile(settings.profile)

    @classmethod
    def files(cls, settings: LatencySettings) -> tuple[Path, ...]:
        """The profile."""
        return () if settings.profile is None else (settings.profile,)

    @classmethod
    def is_light(cls, settings: LatencySettings) -> bool:
        return settings.profile is not None

    def evaluate(self, job: Job) -> Metrics:
        architecture = self.space.resolve(job.decisions)
        settings = self.settings
        if self._profile is not None:
            seconds = archdsl.predict_latency(architecture, self._profile, settings.batch_size).seconds
        else:
            report = archdsl.profile(architecture, settings.device, settings.batch_size, settings.rounds)
            seconds = report.whole.median
        return {"latency": float(seconds * _MILLISECONDS)}
