"""`archdsl_search.run` and `archdsl_search.resume`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archdsl_search.driver.running import Ended, Setting, start
from archdsl_search.driver.running import resume as resume_run
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.summary import Summary, summarise
from archdsl_search.sweep.loading import load_sweep, overridden, sweep_of
from archdsl_search.sweep.model import Sweep

Evaluate = Callable[..., Any]


def run(
    sweep: Sweep | Mapping[str, Any] | str | PathLike[str],
    evaluate: Evaluate | None = None,
    out: str | PathLike[str] | None = None,
    engine: str = "local",
    overrides: Mapping[str, Any] | None = None,
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

    Returns:
        What came of it: counts and the best trial.

    Raises:
        archdsl.ArchdslError: for mistakes in a sweep file or space file.
        ValueError: for mistakes in a sweep given as data.
        SearchError: if there is a run in `out` already.
        KeyboardInterrupt: if it was stopped; `resume` goes on.
    """
    made = _sweep(sweep, evaluate, overrides or {})
    if out is not None:
        return _summary(Path(out), start(made, Setting(Path(out), engine, evaluate=evaluate)))
    with TemporaryDirectory(prefix="archdsl-run-") as folder:
        path = Path(folder) / "run"
        return _summary(path, start(made, Setting(path, engine, evaluate=evaluate)))


def resume(
    out: str | PathLike[str],
    evaluate: Evaluate | None = None,
    engine: str = "local",
    overrides: Mapping[str, Any] | None = None,
) -> Summary:
    """Go on with a run. Arguments and errors as of `run`; `overrides` changes budget and resources.

    Raises:
        SearchError: if there is no run, another driver works on it, or it was made from something else.
    """
    return _summary(Path(out), resume_run(Setting(Path(out), engine, evaluate=evaluate), overrides))


def _sweep(sweep: Any, evaluate: Evaluate | None, overrides: Mapping[str, Any]) -> Sweep:
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
