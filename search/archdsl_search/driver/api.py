"""`archdsl_search.run` and `archdsl_search.resume`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from archdsl_search.driver.driver import Watcher
from archdsl_search.driver.running import Ended, Setting, start
from archdsl_search.driver.running import resume as resume_run
from archdsl_search.driver.watchers import Watchers
from archdsl_search.engines.scratch import scratch
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.summary import Summary, summarise
from archdsl_search.sweep.loading import load_sweep, overridden, sweep_of
from archdsl_search.sweep.model import Sweep
from archdsl_search.sweep.parts import Parts
from archdsl_search.trackers.tracking import tracking

Evaluate = Callable[..., Any]


def run(
    sweep: Sweep | Mapping[str, Any] | str | PathLike[str],
    evaluate: Evaluate | None = None,
    out: str | PathLike[str] | None = None,
    engine: str = "local",
    overrides: Mapping[str, Any] | None = None,
    log: Sequence[str] = (),
) -> Summary:
    """Search.

    Args:
        sweep: a sweep file, or what it would say.
        evaluate: judges candidates in place of the sweep's evaluator: `evaluate(module)` gives metrics by name, or one
            number, the accuracy. Parameters named `architecture` and `job` are given the archdsl.Architecture and the
            Job. It runs in worker processes, and is sent there with what it refers to. Raising InfeasibleError says
            that the candidate cannot be evaluated; any other error, that it failed.
        out: the folder of the run, a new one; without it nothing is kept.
        engine: local or ray.
        overrides: values of the sweep by dotted key, `budget.trials`.
        log: programs that curves are written for, into `out`: tensorboard, mlflow, wandb.

    Returns:
        What came of it: counts and the best trial.

    Raises:
        archdsl.ArchdslError: for mistakes in a sweep file or space file.
        ValueError: for mistakes in a sweep given as data.
        SearchError: if there is a run in `out` already.
        KeyboardInterrupt: if it was stopped; `resume` goes on.
    """
    made = sweep_from(sweep, evaluate, overrides or {})
    if out is not None:
        with _followed(Path(out), log) as watch:
            ended = start(made, Setting(Path(out), engine, watch=watch, evaluate=evaluate, warn=_warn))
        return _summary(Path(out), ended)
    with scratch("run") as folder:
        path = folder / "run"
        return _summary(path, start(made, Setting(path, engine, evaluate=evaluate)))


def resume(
    out: str | PathLike[str],
    evaluate: Evaluate | None = None,
    engine: str = "local",
    overrides: Mapping[str, Any] | None = None,
    log: Sequence[str] = (),
) -> Summary:
    """Go on with a run. Arguments and errors as of `run`; `overrides` changes budget and resources.

    Raises:
        SearchError: if there is no run, another driver works on it, or it was made from something else.
    """
    with _followed(Path(out), log) as watch:
        ended = resume_run(Setting(Path(out), engine, watch=watch, evaluate=evaluate, warn=_warn), overrides)
    return _summary(Path(out), ended)


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, 2)


@contextmanager
def _followed(folder: Path, log: Sequence[str]) -> Iterator[Callable[[Parts], Watcher | None]]:
    """What makes the watchers of a run that Python has started."""
    with tracking(log, folder, _warn) as begin:
        yield lambda parts: Watchers(begin(parts.described, parts.objective.labels)) if log else None


def sweep_from(sweep: Any, evaluate: Evaluate | None, overrides: Mapping[str, Any]) -> Sweep:
    """A sweep from a file, from data or as it is, with overrides; `evaluate` takes its evaluator's place."""
    given = dict(overrides)
    if evaluate is not None:
        given["evaluator"] = {"name": "function"}
    if isinstance(sweep, str | PathLike):
        return load_sweep(sweep, given)
    data = sweep.model_dump(mode="json") if isinstance(sweep, Sweep) else sweep
    return sweep_of(overridden(data, given))


def _summary(folder: Path, ended: Ended) -> Summary:
    if ended.signal:
        raise KeyboardInterrupt
    return summarise(Journal(folder))
