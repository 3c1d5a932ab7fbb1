"""Search over the spaces that archdsl describes. The functions below are the public API; importing it is cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl import __version__

if TYPE_CHECKING:
    from archdsl_search.driver.api import resume, run
    from archdsl_search.driver.tuning import tune_searcher, tune_trainable
    from archdsl_search.errors import SearchError
    from archdsl_search.evaluators.base import InfeasibleError, Job
    from archdsl_search.journal.reader import Journal
    from archdsl_search.journal.summary import Best, Summary
    from archdsl_search.space.spec_space import SpecSpace
    from archdsl_search.sweep.loading import load_sweep
    from archdsl_search.sweep.model import Sweep

_PUBLIC = {
    "Best": "archdsl_search.journal.summary",
    "InfeasibleError": "archdsl_search.evaluators.base",
    "Job": "archdsl_search.evaluators.base",
    "Journal": "archdsl_search.journal.reader",
    "SearchError": "archdsl_search.errors",
    "SpecSpace": "archdsl_search.space.spec_space",
    "Summary": "archdsl_search.journal.summary",
    "Sweep": "archdsl_search.sweep.model",
    "load_sweep": "archdsl_search.sweep.loading",
    "resume": "archdsl_search.driver.api",
    "run": "archdsl_search.driver.api",
    "tune_searcher": "archdsl_search.driver.tuning",
    "tune_trainable": "archdsl_search.driver.tuning",
}

__all__ = [
    "Best",
    "InfeasibleError",
    "Job",
    "Journal",
    "SearchError",
    "SpecSpace",
    "Summary",
    "Sweep",
    "__version__",
    "load_sweep",
    "resume",
    "run",
    "tune_searcher",
    "tune_trainable",
]


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'archdsl_search' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_PUBLIC[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
