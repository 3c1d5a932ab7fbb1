"""What a warm start ranks its pool by: an evaluator, asked before the search begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import archdsl
from archdsl_search.candidate import Candidate
from archdsl_search.evaluators.base import Evaluator, Job
from archdsl_search.evaluators.plan import EvaluatorPlan
from archdsl_search.sweep.checking import OptionError, checked_evaluator


def checked_score(options: Mapping[str, Any]) -> EvaluatorPlan:
    """The evaluator that `score` of a warm start names.

    Raises:
        OptionError: if the options are wrong, with their place under `searcher.score`.
    """
    try:
        plan = checked_evaluator(dict(options))
    except OptionError as error:
        raise OptionError(error.code, ("searcher", "score", *error.place[1:]), error.message, error.hint) from None
    if not plan.metrics:
        raise OptionError("E1304", ("searcher", "score"), f"`{plan.kind.name}` names no metric to rank by")
    return plan


def cheap_score(options: Mapping[str, Any], space: archdsl.Space, seed: int) -> Callable[[Candidate], float]:
    """A function that scores candidates by the evaluator's first metric; what cannot be scored is the worst.

    The same seed gives the same scores: a resumed search makes the same choice.

    Raises:
        OptionError: as of `checked_score`.
    """
    plan = checked_score(options)
    made: list[Evaluator[Any]] = []

    def score(candidate: Candidate) -> float:
        if not made:
            made.append(plan.make(space))
        with TemporaryDirectory() as folder:
            job = Job(0, candidate.decisions, candidate.identity, seed, Path(folder))
            (found,) = made[0].evaluate_many([job])
        return float("-inf") if isinstance(found, Exception) else float(found[plan.metrics[0]])

    return score
