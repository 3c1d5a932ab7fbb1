"""Objectives by the names that sweep files use."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from archdsl_search.objectives.accuracy import Accuracy
from archdsl_search.objectives.base import Objective
from archdsl_search.objectives.maximize import Maximize
from archdsl_search.objectives.minimize import Minimize
from archdsl_search.objectives.mnasnet import MnasNet
from archdsl_search.objectives.several import Several
from archdsl_search.objectives.weighted import Weighted

OBJECTIVES: dict[str, type[Objective[Any]]] = {
    kind.name: kind for kind in (Accuracy, Maximize, Minimize, MnasNet, Weighted, Several)
}


def objective_type(name: str) -> type[Objective[Any]]:
    """The objective of this name.

    Raises:
        ValueError: if there is none; the message names those there are.
    """
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    close = get_close_matches(str(name), OBJECTIVES, 1)
    hint = f"did you mean `{close[0]}`? There are" if close else "there are"
    raise ValueError(f"there is no objective `{name}`; {hint} {', '.join(OBJECTIVES)}")


def make_objective(options: Mapping[str, Any], default_metric: str = "accuracy") -> Objective[Any]:
    """The objective that a sweep file's `objective` describes: `name`, and the options of that objective.

    Args:
        options: without `name`, `maximize` is meant.
        default_metric: the evaluator's first metric.

    Raises:
        ValueError: for an unknown name or wrong options (pydantic's ValidationError is one).
    """
    rest = dict(options)
    kind = objective_type(rest.pop("name", Maximize.name))
    return kind(kind.settings_type.model_validate(rest), default_metric)
