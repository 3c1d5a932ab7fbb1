"""Hyperband (arXiv:1603.06560), asynchronous: brackets of successive halving that begin to stop at different times.

Successive halving bets that early figures tell; each further bracket leaves out the lowest rung of the one before, and
the last one stops nothing. Trials go round the brackets by their numbers, so that a trial that runs again after a crash
is in the bracket in which it was.
"""

from __future__ import annotations

from archdsl_search.early_stopping.asha import Asha
from archdsl_search.early_stopping.base import EarlyStopping, EarlyStoppingSettings, Reached


class Hyperband(EarlyStopping):
    """Brackets from harsh to patient."""

    def __init__(self, settings: EarlyStoppingSettings):
        super().__init__(settings)
        rungs = settings.rungs
        self._brackets = [Asha(settings, rungs[first:]) for first in range(len(rungs) + 1)]

    def observe(self, trial: int, step: int, value: float) -> Reached | None:
        """See the base class."""
        return self._bracket(trial).observe(trial, step, value)

    def recall(self, reached: Reached) -> None:
        """See the base class."""
        self._bracket(reached.trial).recall(reached)

    def _bracket(self, trial: int) -> Asha:
        return self._brackets[trial % len(self._brackets)]
