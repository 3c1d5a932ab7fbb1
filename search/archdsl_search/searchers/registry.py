"""Searchers by the name that sweep files use; each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from archdsl_search.searchers.base import Searcher

ENTRY_POINTS = "archdsl.searchers"
SHIPPED = {
    "random": "archdsl_search.searchers.random_search:RandomSearch",
    "grid": "archdsl_search.searchers.grid:Grid",
    "local_search": "archdsl_search.searchers.local_search:LocalSearch",
    "regularized_evolution": "archdsl_search.searchers.regularized_evolution:RegularizedEvolution",
    "reinforce": "archdsl_search.searchers.reinforce:Reinforce",
    "nasnet_controller": "archdsl_search.searchers.nasnet_controller:NasnetController",
    "nsga2": "archdsl_search.searchers.nsga2:Nsga2",
    "warm_start": "archdsl_search.searchers.warm_start:WarmStart",
    "enas": "archdsl_search.searchers.enas:Enas",
    "predictor": "archdsl_search.searchers.predictor:Predictor",
}


def names() -> list[str]:
    """Every name: the shipped ones, then those of other packages."""
    return [*SHIPPED, *sorted(point.name for point in entry_points(group=ENTRY_POINTS) if point.name not in SHIPPED)]


def searcher_type(name: str) -> type[Searcher[Any]]:
    """The searcher of this name.

    Raises:
        KeyError: if there is none; `names()` has them all.
    """
    if name in SHIPPED:
        module, attribute = SHIPPED[name].split(":")
        found = getattr(import_module(module), attribute)
    else:
        found = next((point for point in entry_points(group=ENTRY_POINTS) if point.name == name), None)
        if found is None:
            raise KeyError(name)
        found = found.load()
    assert isinstance(found, type)
    assert issubclass(found, Searcher)
    return found
