"""What an objective is: metrics in, one number for each goal out, all to be made larger."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Generic, TypeVar

from archdsl_search.options import Options


class MetricError(Exception):
    """A metric that the objective reads was not measured, or is of no use. The message says which, and why."""


class ObjectiveSettings(Options):
    """Options of an objective in a sweep file, beside `name`. Each field's description is its documentation."""


O = TypeVar("O", bound=ObjectiveSettings)  # noqa: E741


class Objective(ABC, Generic[O]):
    """Says how good a finished candidate is.

    Class attributes:
        name: what sweep files call it.
        settings_type: its options.
    """

    name: ClassVar[str]
    settings_type: ClassVar[type[ObjectiveSettings]] = ObjectiveSettings

    def __init__(self, settings: O, default_metric: str = "accuracy"):
        """An objective with its settings; `default_metric` is read where they name none."""
        self.settings = settings
        self.default_metric = default_metric

    @property
    @abstractmethod
    def metrics(self) -> tuple[str, ...]:
        """The metrics that it reads."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What each value is called, in a table or on an axis."""
        return (self.name,)

    @abstractmethod
    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """One number for each of `labels`, larger is better.

        Raises:
            MetricError: if something it reads was not measured, or is of no use.
        """

    def order(self, metrics: Mapping[str, float]) -> float:
        """One number by which candidates are put in order, larger is better: the first value."""
        return self.values(metrics)[0]


def measured(metrics: Mapping[str, float], name: str) -> float:
    """The metric of this name.

    Raises:
        MetricError: if there is none.
    """
    if name not in metrics:
        there = ", ".join(sorted(metrics)) or "nothing"
        raise MetricError(f"the objective reads `{name}`, which was not measured; measured: {there}")
    return float(metrics[name])
