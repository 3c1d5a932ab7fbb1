"""Carrying out one job, wherever that is: errors become endings, output goes to the trial's log."""

from __future__ import annotations

import gc
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname
from typing import Any

from archdsl_search.engines.base import Ending
from archdsl_search.engines.failures import failure
from archdsl_search.engines.logs import LOG, LONGEST, LONGEST_OF_FINISHED, shorten
from archdsl_search.evaluators.base import Evaluator, Job, Metrics
from archdsl_search.evaluators.numbers import number
from archdsl_search.outcome import State


def carry_out(evaluator: Evaluator[Any], job: Job) -> tuple[Ending, bool]:
    """Evaluate one job with its output in `job.folder/log.txt`.

    Returns:
        The ending, and whether this process ran out of memory and should be replaced.
    """
    started = time.monotonic()
    with output_to(job.folder / LOG):
        try:
            metrics = plain(evaluator.evaluate(job))
            found, spent, no_space = (State.FINISHED, metrics, ""), False, False
        except Exception as error:
            with suppress(OSError):  # the disk that holds the log is full
                traceback.print_exc()
            state, message, spent, no_space = failure(error)
            found = (state, {}, message)
        finally:
            free_memory()
    shorten(job.folder / LOG, LONGEST_OF_FINISHED if found[0] is State.FINISHED else LONGEST)
    seconds, worker = time.monotonic() - started, name_of_process()
    return Ending(job.trial, *found, seconds=seconds, worker=worker, no_space=no_space), spent


def carry_out_many(evaluator: Evaluator[Any], jobs: Sequence[Job]) -> list[Ending]:
    """Evaluate jobs that take milliseconds together. Their output stays where this process's goes."""
    started = time.monotonic()
    outcomes = evaluator.evaluate_many(jobs)
    each = (time.monotonic() - started) / max(1, len(jobs))
    worker = name_of_process()
    return [_ending(job, outcome, each, worker) for job, outcome in zip(jobs, outcomes, strict=True)]


def _ending(job: Job, outcome: Metrics | Exception, seconds: float, worker: str) -> Ending:
    if isinstance(outcome, Exception):
        found = failure(outcome)
        return Ending(job.trial, found.state, {}, found.error, seconds, worker, no_space=found.no_space)
    return Ending(job.trial, State.FINISHED, plain(outcome), "", seconds, worker)


def plain(metrics: Metrics) -> dict[str, Any]:
    """Metrics that any process can read: numbers of libraries as floats, what is no number as people read it.

    A tensor, for one, would be sent as memory that it shares with the process that made it.
    """
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        if type(value) in (int, float, bool, str):
            found[str(name)] = value
        else:
            as_float = number(value)
            found[str(name)] = repr(value) if as_float is None else as_float
    return found


def name_of_process() -> str:
    """Host and process, for people who look for it."""
    return f"{gethostname()}:{os.getpid()}"


def free_memory() -> None:
    """Give back what the last child held, on the host and on a GPU, before the next one begins."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """Everything this process writes to its standard output and error, from C too, goes to a file.

    The file is there while the evaluation runs, so that something is left of one that is killed; an empty one is
    removed. Where it can't be made, output is dropped: a full disk is no reason to lose a result.
    """
    file = _opened(path)
    kept = os.dup(1), os.dup(2)
    _flush()
    os.dup2(file, 1)
    os.dup2(file, 2)
    try:
        yield
    finally:
        _flush()
        for place, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, place)
            os.close(copy)
        empty = os.fstat(file).st_size == 0
        os.close(file)
        if empty:
            _remove(path)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def _flush() -> None:
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()


def _remove(path: Path) -> None:
    """Remove an empty log, and its folder if nothing else is in it."""
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()
