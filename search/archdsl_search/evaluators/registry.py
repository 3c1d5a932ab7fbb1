"""Evaluators by the names that sweep files use: our own, and those of installed packages.

A package brings an evaluator through the entry-point group `archdsl.evaluators`: a subclass of `Evaluator`, or a plain
function from a module to metrics. A sweep file names the entry point, never a module: what code runs is decided by
what is installed, not by a file.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

from archdsl_search.evaluators.base import Evaluator
from archdsl_search.evaluators.entry_point import EntryPointEvaluator, loaded
from archdsl_search.evaluators.installed import entry_point, installed_names

# Module and class of each, imported when it is asked for. None of these modules imports torch.
_OWN = {
    "training": ("archdsl_search.evaluators.training", "TrainingEvaluator"),
    "shared_weights": ("archdsl_search.evaluators.shared_weights", "SharedWeightsEvaluator"),
    "zero_cost": ("archdsl_search.evaluators.zero_cost", "ZeroCostEvaluator"),
    "cost": ("archdsl_search.evaluators.cost", "CostEvaluator"),
    "latency": ("archdsl_search.evaluators.latency", "LatencyEvaluator"),
    "table": ("archdsl_search.evaluators.table", "TableEvaluator"),
    "entry_point": ("archdsl_search.evaluators.entry_point", "EntryPointEvaluator"),
}


def own_names() -> tuple[str, ...]:
    """Those that come with archdsl."""
    return tuple(_OWN)


def evaluator_names() -> tuple[str, ...]:
    """Every name that `evaluator_type` knows: our own first."""
    return (*_OWN, *sorted(installed_names() - set(_OWN)))


def evaluator_type(name: str) -> type[Evaluator[Any]]:
    """The evaluator of this name; `EntryPointEvaluator` for a plain function that a package registered.

    Raises:
        ValueError: if there is none, or the package that brings it does not load; the message says what there is.
    """
    if name in _OWN:
        module, attribute = _OWN[name]
        found: type[Evaluator[Any]] = getattr(import_module(module), attribute)
        return found
    point = entry_point(name)
    if point is None:
        close = get_close_matches(str(name), evaluator_names(), 1)
        hint = f"did you mean `{close[0]}`? There are" if close else "there are"
        raise ValueError(f"there is no evaluator `{name}`; {hint} {', '.join(evaluator_names())}")
    kind, function = loaded(point)
    return kind if function is None else EntryPointEvaluator
