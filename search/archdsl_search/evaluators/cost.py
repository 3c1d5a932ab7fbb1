"""Analytic cost: counted on the graph, exact, without torch."""

from __future__ import annotations

from pydantic import Field

import archdsl
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics

FIGURES = (
    "params",
    "mult_adds",
    "flops",
    "memory_access",
    "memory_access_bytes",
    "peak_activation",
    "peak_activation_bytes",
    "arithmetic_intensity",
)


class CostSettings(EvaluatorSettings):
    """For which batch and form."""

    batch_size: int = Field(1, ge=1, description="Samples in the batch.")
    training: bool = Field(False, description="Count the training form, with its auxiliary parts.")


class CostEvaluator(Evaluator[CostSettings]):
    """What `archdsl cost` counts: parameters, multiply-adds, memory access and the rest."""

    name = "cost"
    settings_type = CostSettings
    metrics = FIGURES
    light = True

    def evaluate(self, job: Job) -> Metrics:
        report = archdsl.cost(self.space.resolve(job.decisions), self.settings.batch_size, self.settings.training)
        return {name: float(getattr(report, name)) for name in FIGURES}
