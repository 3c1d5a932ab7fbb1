"""Which engine carries out a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import archdsl
from archdsl_search.engines.base import Engine
from archdsl_search.engines.in_process import InProcessEngine
from archdsl_search.engines.local import LocalEngine
from archdsl_search.engines.needs import Needs
from archdsl_search.engines.worker import Limits
from archdsl_search.errors import SearchError
from archdsl_search.evaluators.base import Evaluator
from archdsl_search.evaluators.plan import EvaluatorPlan
from archdsl_search.sweep.model import Resources, SpaceChoice
from archdsl_search.sweep.parts import Parts

NAMES = ("local", "ray")
# Seconds in which an engine must have stopped.
GRACE = 10.0


def open_engine(name: str, parts: Parts, address: str = "") -> Engine:
    """The engine of this name, ready to take jobs.

    Raises:
        SearchError: if it cannot give what the sweep asks for.
        BrokenEvaluatorError: if the evaluator cannot be made.
    """
    if name == "ray":
        return _ray_engine(parts, address)
    if name != "local":
        raise SearchError(f"there is no engine `{name}`")
    if address:
        raise SearchError("--address is for `--engine ray`")
    resources = parts.sweep.resources
    if parts.plan.light:
        return InProcessEngine(partial(parts.plan.make, parts.space.space), resources.workers * batch_of(parts))
    return LocalEngine(maker(parts), resources.workers, limits_of(resources))


@contextmanager
def running_engine(name: str, parts: Parts, address: str = "") -> Iterator[Engine]:
    """The engine while the block runs; afterwards it is closed, however the block ended. Errors as `open_engine`'s."""
    engine = open_engine(name, parts, address)
    try:
        yield engine
    finally:
        engine.close(GRACE)


def _ray_engine(parts: Parts, address: str) -> Engine:
    from archdsl_search.engines.ray.before_import import prepare

    prepare(address)
    from archdsl_search.engines.ray.engine import RayEngine
    from archdsl_search.engines.ray.lease import LeasePlan

    plan = LeasePlan(maker(parts), limits_of(parts.sweep.resources), parts.plan.light)
    return RayEngine(plan, needs_of(parts.sweep.resources), batch_of(parts), address)


def batch_of(parts: Parts) -> int:
    """How many jobs a worker is given at once: one, but for evaluations that take milliseconds."""
    return parts.sweep.resources.batch if parts.plan.light else 1


def limits_of(resources: Resources) -> Limits:
    """What one evaluation may take."""
    # CUDA reserves far more memory than it uses: a limit on the process would be met at once.
    memory = 0 if resources.gpus else resources.memory or 0
    return Limits(max(1, round(resources.cpus)), memory, resources.timeout or 0.0)


def needs_of(resources: Resources) -> Needs:
    """What a cluster must have for the sweep."""
    bundles = tuple(dict(bundle) for bundle in resources.bundles)
    return Needs(resources.workers, resources.cpus, resources.gpus, resources.custom, bundles)


def maker(parts: Parts) -> partial[Evaluator[Any]]:
    """What makes the evaluator in another process."""
    return partial(make_evaluator, parts.sweep.space, parts.plan)


def make_evaluator(space: SpaceChoice, plan: EvaluatorPlan) -> Evaluator[Any]:
    """Read the space file and make the evaluator for it."""
    return plan.make(archdsl.load_space(space.file, space.params, space.decisions, space.inputs))
