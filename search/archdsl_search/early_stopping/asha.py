"""Asynchronous successive halving (arXiv:1810.05934), in the form that stops instead of pausing.

A trial that comes to a rung goes on if its value is among the best 1/reduction of all that have come there so far,
itself included. So no trial waits for another one; the first ones at a rung go on, whatever they are worth.
"""

from __future__ import annotations

from archdsl_search.early_stopping.base import EarlyStopping, EarlyStoppingSettings, Reached


class Asha(EarlyStopping):
    """One bracket of rungs.

    Args:
        rungs: steps at which trials are compared; by default all of the settings'.
    """

    def __init__(self, settings: EarlyStoppingSettings, rungs: tuple[int, ...] | None = None):
        super().__init__(settings)
        self.rungs = settings.rungs if rungs is None else rungs
        self._values: dict[int, dict[int, float]] = {rung: {} for rung in self.rungs}

    def observe(self, trial: int, step: int, value: float) -> Reached | None:
        """See the base class. Of the rungs that a report has passed, the highest new one counts."""
        passed = [rung for rung in self.rungs if rung <= step and trial not in self._values[rung]]
        if not passed:
            return None
        rung = passed[-1]
        for skipped in passed:
            self._values[skipped][trial] = value
        return Reached(trial, rung, value, not self._is_good(rung, value))

    def recall(self, reached: Reached) -> None:
        """See the base class."""
        for rung in self.rungs:
            if rung <= reached.step:
                self._values[rung].setdefault(reached.trial, reached.value)

    def _is_good(self, rung: int, value: float) -> bool:
        """Whether fewer than 1/reduction of the rung, rounded up, are better."""
        values = self._values[rung].values()
        better = sum(other > value for other in values)
        return better < max(1.0, len(values) / self.settings.reduction)
