"""Several watchers as one."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl_search.driver.driver import Watcher
from archdsl_search.driver.spending import Spending
from archdsl_search.journal.records import Result


class Watchers:
    """Hands on what happens."""

    def __init__(self, watchers: Sequence[Watcher]):
        self._watchers = watchers

    def on_result(self, result: Result) -> None:
        """A trial has ended, now or in an earlier session."""
        for watcher in self._watchers:
            watcher.on_result(result)

    def on_tick(self, running: int, spending: Spending) -> None:
        """Now and then."""
        for watcher in self._watchers:
            watcher.on_tick(running, spending)
