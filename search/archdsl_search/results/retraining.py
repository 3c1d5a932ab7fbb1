"""Weights that were not kept: an evaluation follows from its seed, so that it can be had again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from archdsl_search.driver.driver import seed_of
from archdsl_search.errors import SearchError
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.training import TrainingEvaluator
from archdsl_search.journal.records import Result
from archdsl_search.results.run import Run
from archdsl_search.sweep.loading import overridden, sweep_of
from archdsl_search.sweep.parts import put_together


def train_again(run: Run, results: Sequence[Result], on_trial: Callable[[int], None] = lambda trial: None) -> None:
    """Train the candidates whose weights were not kept as the search did, and keep their weights.

    On the same kind of CPU, with as many threads, that gives the same weights bit for bit; elsewhere, others as good.

    Args:
        on_trial: called with the number of each trial that is trained.

    Raises:
        SearchError: if the search trained nothing.
        archdsl.ArchdslError, archdsl.TrainingError: if space or data have gone.
    """
    missing = [result for result in results if run.weights_of(result) is None]
    if not missing:
        return
    name = run.sweep["evaluator"]["name"]
    if name != TrainingEvaluator.name:
        raise SearchError(f"the evaluator of this search is `{name}`: there are no weights to train again")
    parts = put_together(sweep_of(overridden(run.sweep, {"evaluator.keep": "all"})))
    evaluator = replace(parts.plan, also=()).make(parts.space.space)
    for result in missing:
        on_trial(result.trial)
        folder = run.folder_of(result)
        seed = seed_of(parts.sweep.seed, result.trial)
        evaluator.evaluate(Job(result.trial, result.decisions, result.identity, seed, folder))
