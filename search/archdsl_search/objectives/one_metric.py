"""What objectives on a single metric share."""

from __future__ import annotations

from pydantic import Field

from archdsl_search.objectives.base import Objective, ObjectiveSettings


class MetricSettings(ObjectiveSettings):
    """Which metric."""

    metric: str | None = Field(None, description="The metric; by default the evaluator's first one.")


class OneMetric(Objective[MetricSettings]):
    """An objective that reads one metric."""

    settings_type = MetricSettings

    @property
    def metric(self) -> str:
        """The metric that is read."""
        return self.settings.metric or self.default_metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)
