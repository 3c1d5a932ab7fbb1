"""How long a sweep takes and what it costs, from what a few evaluations took."""

from __future__ import annotations

import math
from dataclasses import dataclass

from archdsl_search.sweep.model import Budget, Resources

HOUR = 3600.0


@dataclass(frozen=True)
class Estimate:
    """What the budget of a sweep amounts to.

    Attributes:
        trials: evaluations until the budget is used up.
        limit: the part of the budget that is used up first.
        seconds: of wall time.
        cpu_hours, gpu_hours: what evaluations hold, together.
        cost: of all of them at the price that was given; None without one.
    """

    trials: int
    limit: str
    seconds: float
    cpu_hours: float
    gpu_hours: float
    cost: float | None


def estimate(
    budget: Budget,
    resources: Resources,
    at_once: int,
    seconds: float,
    simulated: float = 0.0,
    price: float | None = None,
) -> Estimate:
    """Work out a sweep whose evaluations take `seconds` each, `at_once` of them at a time.

    Args:
        simulated: mean of the metric `simulated_seconds`; 0 if there is none.
        price: of an hour of one GPU, or of one CPU core where evaluations have no GPU.
    """
    each = max(seconds, 1e-6)
    gpus = resources.gpus + sum(bundle.get("GPU", 0.0) for bundle in resources.bundles)
    cpus = resources.cpus + sum(bundle.get("CPU", 0.0) for bundle in resources.bundles)
    limits = {
        "trials": budget.trials,
        "seconds": _rounds(budget.seconds, each) * at_once if budget.seconds else None,
        "gpu_seconds": _rounds(budget.gpu_seconds, each * resources.gpus) if budget.gpu_seconds else None,
        "simulated_seconds": _rounds(budget.simulated_seconds, simulated) if budget.simulated_seconds else None,
    }
    known = {name: trials for name, trials in limits.items() if trials}
    limit = min(known, key=lambda name: known[name]) if known else "stall"
    trials = known.get(limit, 0)
    hours = trials * each / HOUR
    paid = hours * (gpus or cpus)
    return Estimate(
        trials,
        limit,
        math.ceil(trials / at_once) * each,
        hours * cpus,
        hours * gpus,
        None if price is None else paid * price,
    )


def _rounds(most: float | None, each: float) -> int:
    """How many evaluations use up an amount; 0 if none ever does."""
    return math.ceil(most / each) if most and each else 0
