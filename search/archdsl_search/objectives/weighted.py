"""A weighted sum of metrics."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum

from pydantic import Field

from archdsl_search.objectives.base import Objective, ObjectiveSettings, measured


class WeightedSettings(ObjectiveSettings):
    """The weights."""

    weights: dict[str, float] = Field(
        min_length=1, description="A weight for each metric; negative where less is better, in the metric's unit."
    )


class Weighted(Objective[WeightedSettings]):
    """`sum(weight * metric)`."""

    name = "weighted"
    settings_type = WeightedSettings

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(self.settings.weights)

    @property
    def labels(self) -> tuple[str, ...]:
        return ("weighted sum",)

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        return (fsum(weight * measured(metrics, name) for name, weight in self.settings.weights.items()),)
