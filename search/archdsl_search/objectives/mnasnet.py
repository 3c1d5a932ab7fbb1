"""MnasNet's reward: accuracy with a price on latency (arXiv:1807.11626, section 3, equations 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from archdsl_search.objectives.base import MetricError, Objective, ObjectiveSettings, measured

SOFT = -0.07
HARD = (0.0, -1.0)


class MnasNetSettings(ObjectiveSettings):
    """Metric, what it is weighed against, and the exponents."""

    target: float = Field(gt=0, description="T: what the cost may be, in the cost metric's unit.")
    metric: str | None = Field(None, description="What is to be large; by default the evaluator's first metric.")
    cost: str = Field("latency", description="The metric with a price; latency in milliseconds, mult_adds, ...")
    mode: Literal["soft", "hard"] = Field(
        "soft", description="soft: w = -0.07 on both sides of T; hard: 0 up to T and -1 beyond."
    )
    below: float | None = Field(None, description="alpha: the exponent up to T, in place of the mode's.")
    above: float | None = Field(None, description="beta: the exponent beyond T, in place of the mode's.")


class MnasNet(Objective[MnasNetSettings]):
    """`accuracy * (latency / T) ** w`, with w = alpha where latency <= T and beta beyond.

    soft: alpha = beta = -0.07, so that doubling the latency is worth 5 % more accuracy; hard: alpha = 0, beta = -1.
    """

    name = "mnasnet"
    settings_type = MnasNetSettings

    @property
    def metric(self) -> str:
        """What is to be large."""
        return self.settings.metric or self.default_metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric, self.settings.cost)

    @property
    def labels(self) -> tuple[str, ...]:
        return ("reward",)

    def exponent(self, cost: float) -> float:
        """w at this cost."""
        below, above = (SOFT, SOFT) if self.settings.mode == "soft" else HARD
        if cost <= self.settings.target:
            return below if self.settings.below is None else self.settings.below
        return above if self.settings.above is None else self.settings.above

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        accuracy, cost = measured(metrics, self.metric), measured(metrics, self.settings.cost)
        if cost <= 0:
            raise MetricError(f"`{self.settings.cost}` is {cost:g}: the reward needs a cost above 0")
        return (accuracy * (cost / self.settings.target) ** self.exponent(cost),)
