"""A metric that is to be small: loss, latency, parameters."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl_search.objectives.base import measured
from archdsl_search.objectives.one_metric import OneMetric


class Minimize(OneMetric):
    """The smaller the metric, the better; the value is its negative."""

    name = "minimize"

    @property
    def labels(self) -> tuple[str, ...]:
        return (f"-{self.metric}",)

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return (-measured(metrics, self.metric),)
