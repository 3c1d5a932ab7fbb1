"""A metric as it is: accuracy."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl_search.objectives.base import measured
from archdsl_search.objectives.one_metric import OneMetric


class Maximize(OneMetric):
    """The larger the metric, the better."""

    name = "maximize"

    @property
    def labels(self) -> tuple[str, ...]:
        return (self.metric,)

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return (measured(metrics, self.metric),)
