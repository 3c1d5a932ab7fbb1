"""Tune's search algorithm: what it suggests is one more lease, as long as there are fewer than wanted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ray.tune.search import Searcher

# After leases were lost without having done anything, the next one waits: a machine that kills every worker at once
# would otherwise be asked without end.
PAUSE = 1.0


class LeaseSource(Searcher):
    """Keeps so many leases open.

    Args:
        leases: how many.
        closed: whether nothing more is to be done.
        revoke: called with the id of a lease that has ended, however it did.
    """

    def __init__(self, leases: int, closed: Callable[[], bool], revoke: Callable[[str], None]):
        super().__init__(metric="jobs", mode="max")
        self._leases = leases
        self._closed = closed
        self._revoke = revoke
        self._open: set[str] = set()
        self._not_before = 0.0

    def suggest(self, trial_id: str) -> dict[Any, Any] | str | None:  # type: ignore[override]  # FINISHED is a text
        """A lease, or None if there are enough."""
        if self._closed():
            return Searcher.FINISHED
        if len(self._open) >= self._leases or time.monotonic() < self._not_before:
            return None
        self._open.add(trial_id)
        return {}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """A lease has ended; another one takes its place."""
        self._open.discard(trial_id)
        if error and not (result or {}).get("jobs"):
            self._not_before = time.monotonic() + PAUSE
        self._revoke(trial_id)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal has it."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the driver submits what is open."""
