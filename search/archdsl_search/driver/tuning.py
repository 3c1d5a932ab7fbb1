"""`archdsl_search.tune_searcher` and `tune_trainable`: parts of a sweep for a Ray Tune of one's own.

`archdsl search run --engine ray` needs neither; these are for programs that have a `tune.Tuner` already, with its
schedulers, callbacks and storage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

from archdsl_search.driver.api import Evaluate, sweep_from
from archdsl_search.driver.driver import seed_of
from archdsl_search.driver.engines import maker
from archdsl_search.searchers.base import Searcher
from archdsl_search.sweep.model import Sweep
from archdsl_search.sweep.parts import put_together

if TYPE_CHECKING:
    from archdsl_search.engines.ray.tune_searcher import TuneSearcher

Description = Sweep | Mapping[str, Any] | str | PathLike[str]


def tune_searcher(
    sweep: Description,
    metric: str | Sequence[str] | None = None,
    mode: str | Sequence[str] = "max",
    overrides: Mapping[str, Any] | None = None,
) -> TuneSearcher:
    """The searcher of a sweep, over its space, as a search algorithm for `tune.TuneConfig(search_alg=...)`.

    Trials find `config["decisions"]`: what `archdsl.load_space(...).resolve` takes.

    Args:
        sweep: a sweep file, or what it would say; evaluator and budget may be left out.
        metric: what trials report; several for `nsga2`. None: as `TuneConfig` says.
        mode: `max` or `min`, for each metric.
        overrides: values of the sweep by dotted key.

    Raises:
        archdsl.ArchdslError: for mistakes in a sweep file or space file.
        ValueError: for mistakes in a sweep given as data.
        ModuleNotFoundError: if ray is not installed.
    """
    from archdsl_search.engines.ray.tune_searcher import TuneSearcher

    made = sweep_from(_filled(sweep), None, overrides or {})
    replays = made.identity != "none"
    return TuneSearcher(partial(_searcher, made), metric, mode, replays)


def tune_trainable(
    sweep: Description, evaluate: Evaluate | None = None, overrides: Mapping[str, Any] | None = None
) -> Callable[[dict[str, Any]], None]:
    """The evaluator of a sweep as a function for `tune.Tuner`: evaluates `config["decisions"]`.

    What the evaluator reports on the way is reported to Tune, with `step`, so that Tune's schedulers (ASHA, Hyperband)
    may stop it; the last report has all metrics. Files that trials keep go to Tune's folder of the trial.

    Raises:
        As `tune_searcher`.
    """
    from archdsl_search.engines.ray.trainable import evaluate_in_tune

    parts = put_together(sweep_from(_filled(sweep), evaluate, overrides or {}), evaluate)
    return partial(evaluate_in_tune, maker(parts), partial(seed_of, parts.sweep.seed))


def _filled(sweep: Description) -> Description:
    """Data with what Tune decides; files are whole."""
    if isinstance(sweep, Mapping):
        return {"evaluator": "cost", "budget": {"trials": 1}, **sweep}
    return sweep


def _searcher(sweep: Sweep) -> Searcher[Any]:
    return put_together(sweep).searcher()
