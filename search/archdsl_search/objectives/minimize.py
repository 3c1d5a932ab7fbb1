"""A metric that is to be small: loss, latency, parameters."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl_search.objectives.base import Objective, measured
from archdsl_search.objectives.maximize import MetricSettings


class Minimize(Objective[MetricSettings]):
    """The smaller the metric, the better; the value is its negative."""

    name = "minimize"
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
        return (f"-{self.metric}",)

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return (-measured(metrics, self.metric),)
