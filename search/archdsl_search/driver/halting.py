"""Early stopping as the driver uses it: reports in, decisions out; decisions stand, also after a crash."""

from __future__ import annotations

import math

from archdsl_search.early_stopping.base import EarlyStopping, Reached
from archdsl_search.early_stopping.registry import early_stopping
from archdsl_search.engines.base import Ending, Report
from archdsl_search.journal.records import Rung
from archdsl_search.sweep.parts import Parts

# What a metric that is no number is worth: a number, for JSON knows no infinity.
WORST = -1e308
# Of the ending of a trial that was stopped.
METRIC = "stopped_early"


class Halting:
    """A rule, which of the reported metrics it looks at, and whom it has stopped.

    A stopped trial that runs again, because its worker or the driver was lost before it ended, is stopped at the same
    step: it has been compared there already.
    """

    def __init__(self, rule: EarlyStopping):
        self._rule = rule
        self._metric = rule.settings.metric
        self._sign = 1.0 if rule.settings.goal == "maximize" else -1.0
        self._stopped: dict[int, int] = {}

    def look(self, report: Report) -> Rung | None:
        """What the rule says of a report; None if it says nothing.

        One without the metric, or with no number in it, is as bad as can be.
        """
        value = report.metrics.get(self._metric)
        if not isinstance(value, int | float) or not math.isfinite(value):
            reached = self._rule.observe(report.trial, report.step, WORST)
        else:
            reached = self._rule.observe(report.trial, report.step, self._sign * value)
        if reached is None:
            return None
        if reached.stopped:
            self._stopped[reached.trial] = reached.step
        return Rung(*reached)

    def is_over(self, report: Report) -> bool:
        """Whether the trial is to return what it has."""
        return report.step >= self._stopped.get(report.trial, math.inf)

    def recall(self, record: Rung) -> None:
        """Take a decision of an earlier session for what it was."""
        self._rule.recall(Reached(record.trial, record.step, record.value, record.stopped))
        if record.stopped:
            self._stopped[record.trial] = record.step

    def ended(self, ending: Ending) -> dict[str, float]:
        """Metrics to add to those of a trial that has ended."""
        return {} if self._stopped.pop(ending.trial, None) is None else {METRIC: 1.0}


def halting(parts: Parts) -> Halting | None:
    """What the sweep asks for."""
    settings = parts.sweep.early_stopping
    return None if settings is None else Halting(early_stopping(settings))
