"""A metric as it is: accuracy."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from archdsl_search.objectives.base import Objective, ObjectiveSettings, measured


class MetricSettings(ObjectiveSettings):
    """Which metric."""

    metric: str | None = Field(None, description="The metric; by default the evaluator's first one.")


class Maximize(Objective[MetricSettings]):
    """The larger the metric, the better."""

    name = "maximize"
    settings_type = MetricSettings

    @property
    def metric(self) -> str:
        """The metric that is read."""
        return self.settings.metric or self.default_metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    @property
    def labels(self) -> tuple[str, ...]:
        return (self.metric,)

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return (measured(metrics, self.metric),)
