"""What a user did that no file is to blame for: a run that is there already, a journal that another driver writes."""

from __future__ import annotations


class EngineFailedError(Exception):
    """The engine ended by itself: the cluster was lost, say. The run can be resumed."""


class SearchError(Exception):
    """One sentence that says what would be right."""


class RefusedError(SearchError):
    """The sweep cannot be carried out as asked: there is no cluster, or none that ever could; a package is missing."""
