"""An evaluation as a Tune trial of its own, for `archdsl_search.tune_trainable`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray import tune

from archdsl_search.engines.worker import MakeEvaluator
from archdsl_search.evaluators.base import Job, Metrics


def evaluate_in_tune(make: MakeEvaluator, seed_of: Callable[[int], int], config: dict[str, Any]) -> None:
    """Evaluate `config["decisions"]`; what is reported on the way and what comes of it is reported to Tune."""
    trial = int(config.get("trial", 0))
    folder = Path(tune.get_context().get_trial_dir() or tempfile.gettempdir())
    last = 0

    def report(step: int, metrics: Metrics) -> bool:
        nonlocal last
        last = step
        tune.report({**metrics, "step": step})
        return False

    job = Job(trial, config["decisions"], "", seed_of(trial), folder / "trial", report)
    metrics = make().evaluate(job)
    tune.report({**metrics, "step": last})
