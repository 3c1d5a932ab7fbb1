"""Several goals at once, none weighed against another: what comes of it is a Pareto front."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from archdsl_search.objectives.base import Objective, ObjectiveSettings, measured


class SeveralSettings(ObjectiveSettings):
    """Which metrics, and in which direction."""

    maximize: tuple[str, ...] = Field((), description="Metrics to be large.")
    minimize: tuple[str, ...] = Field((), description="Metrics to be small.")

    @model_validator(mode="after")
    def _two_at_least(self) -> SeveralSettings:
        names = (*self.maximize, *self.minimize)
        if len(names) < 2:
            raise ValueError("two metrics at least, in maximize and minimize together; for one there is `maximize`")
        if len(set(names)) < len(names):
            raise ValueError("a metric is named twice")
        return self


class Several(Objective[SeveralSettings]):
    """One value for each metric; those to be small are negated. Candidates are put in order by the first one."""

    name = "several"
    settings_type = SeveralSettings

    @property
    def metrics(self) -> tuple[str, ...]:
        return (*self.settings.maximize, *self.settings.minimize)

    @property
    def labels(self) -> tuple[str, ...]:
        return (*self.settings.maximize, *(f"-{name}" for name in self.settings.minimize))

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        large = [measured(metrics, name) for name in self.settings.maximize]
        return (*large, *(-measured(metrics, name) for name in self.settings.minimize))
