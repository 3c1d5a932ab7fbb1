"""Which engine carries out a sweep."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import archdsl
from archdsl_search.engines.base import Engine
from archdsl_search.engines.in_process import InProcessEngine
from archdsl_search.engines.local import LocalEngine
from archdsl_search.engines.worker import Limits
from archdsl_search.errors import SearchError
from archdsl_search.evaluators.base import Evaluator
from archdsl_search.evaluators.plan import EvaluatorPlan
from archdsl_search.sweep.model import SpaceChoice
from archdsl_search.sweep.parts import Parts

NAMES = ("local", "ray")


def open_engine(name: str, parts: Parts, folder: Path) -> Engine:
    """The engine of this name, ready to take jobs.

    Raises:
        SearchError: if it cannot give what the sweep asks for.
        BrokenEvaluatorError: if the evaluator cannot be made.
    """
    if name != "local":
        raise SearchError(f"there is no engine `{name}`")
    resources = parts.sweep.resources
    if parts.plan.light:
        return InProcessEngine(partial(parts.plan.make, parts.space.space), resources.workers)
    limits = Limits(max(1, round(resources.cpus)), resources.memory or 0, resources.timeout or 0.0)
    return LocalEngine(maker(parts), resources.workers, limits)


def maker(parts: Parts) -> partial[Evaluator[Any]]:
    """What makes the evaluator in another process."""
    return partial(make_evaluator, parts.sweep.space, parts.plan)


def make_evaluator(space: SpaceChoice, plan: EvaluatorPlan) -> Evaluator[Any]:
    """Read the space file and make the evaluator for it."""
    return plan.make(archdsl.load_space(space.file, space.params, space.decisions, space.inputs))
