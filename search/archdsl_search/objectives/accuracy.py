"""Accuracy, whatever else is measured."""

from __future__ import annotations

from archdsl_search.objectives.maximize import Maximize


class Accuracy(Maximize):
    """The larger the accuracy, the better: the metric `accuracy`, or the one that `metric` names."""

    name = "accuracy"

    @property
    def metric(self) -> str:
        """The metric that is read."""
        return self.settings.metric or "accuracy"
