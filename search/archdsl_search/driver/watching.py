"""Early stopping as the driver uses it: reports in, decisions out."""

from __future__ import annotations

import math

from archdsl_search.early_stopping.base import EarlyStopping, Reached
from archdsl_search.early_stopping.registry import early_stopping
from archdsl_search.engines.base import Report
from archdsl_search.journal.records import Rung
from archdsl_search.sweep.parts import Parts

# A number, for JSON knows no infinity.
WORST = -1e308


class Watch:
    """A rule, and which of the reported metrics it looks at."""

    def __init__(self, rule: EarlyStopping):
        self._rule = rule
        self._metric = rule.settings.metric
        self._sign = 1.0 if rule.settings.goal == "maximize" else -1.0

    def look(self, report: Report) -> Reached | None:
        """What the rule says of a report. One without the metric, or with no number in it, is as bad as can be."""
        value = report.metrics.get(self._metric)
        if not isinstance(value, int | float) or not math.isfinite(value):
            return self._rule.observe(report.trial, report.step, WORST)
        return self._rule.observe(report.trial, report.step, self._sign * value)

    def recall(self, record: Rung) -> None:
        """Take a decision of an earlier session for what it was."""
        self._rule.recall(Reached(record.trial, record.step, record.value, record.stopped))


def watched(parts: Parts) -> Watch | None:
    """What the sweep asks for."""
    settings = parts.sweep.early_stopping
    return None if settings is None else Watch(early_stopping(settings))
