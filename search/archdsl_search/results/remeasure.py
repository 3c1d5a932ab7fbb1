"""The best candidates evaluated again, with other seeds: the best of many noisy results is partly luck.

What comes of it is a journal of its own, in `RUN/remeasured`, of the same format: each result is one more evaluation of
the candidate with its identity. Stopped and called again, it does what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archdsl_search.driver.driver import seed_of
from archdsl_search.driver.engines import running_engine
from archdsl_search.driver.judging import judge
from archdsl_search.driver.running import header_of
from archdsl_search.driver.stopping import Stop
from archdsl_search.driver.weights import WeightsKeeper, weights_keeper
from archdsl_search.engines.base import Ending, Engine
from archdsl_search.errors import SearchError
from archdsl_search.evaluators.base import Job
from archdsl_search.journal.provenance import expect_unchanged
from archdsl_search.journal.reader import NAME, Journal
from archdsl_search.journal.records import Asked, Record, Result
from archdsl_search.journal.writer import JournalWriter, stamped
from archdsl_search.outcome import State
from archdsl_search.results.measured import FOLDER
from archdsl_search.results.run import TRIALS, Run
from archdsl_search.sweep.loading import overridden, sweep_of
from archdsl_search.sweep.parts import Parts, put_together

# What may differ from the search: how a candidate is evaluated, and with what.
CHANGEABLE = ("evaluator", "resources")
# Numbers of trials whose seeds no search uses.
_SEEDS = 1_000_000_000
# Evaluations of one candidate that have seeds of their own.
_MOST_REPEATS = 1000
_PATIENCE = 1.0


@dataclass(frozen=True)
class Remeasurement:
    """How to measure again.

    Attributes:
        repeats: evaluations of each candidate in all.
        overrides: other options of the evaluator or other resources, by dotted key.
        engine: local or ray.
        address: of a Ray cluster; empty: one on this machine.
        on_result: called with each result, and how many there will be.
    """

    repeats: int = 3
    overrides: Mapping[str, Any] | None = None
    engine: str = "local"
    address: str = ""
    on_result: Callable[[Result, int], None] = lambda result, total: None


def remeasure(run: Run, candidates: Sequence[Result], how: Remeasurement, folder: Path | None = None) -> bool:
    """Evaluate candidates of a run again.

    Returns:
        Whether all of it is done; false if a signal stopped it.

    Raises:
        SearchError: if something else would be changed, or the folder has measurements made in another way.
        archdsl.ArchdslError, OptionError, OptionsError: for mistakes in what is changed.
    """
    for key in how.overrides or {}:
        if key.partition(".")[0] not in CHANGEABLE:
            raise SearchError(f"--set {key}: only {' and '.join(CHANGEABLE)} can differ from the search")
    parts = put_together(sweep_of(overridden(run.sweep, how.overrides or {})))
    expect_unchanged(parts.space.space, run.header.space)
    place = folder or run.folder / FOLDER
    journal = _before(place, parts)
    results = list(journal.results()) if journal else []
    jobs = _jobs(place, candidates, how.repeats, results, parts.sweep.seed)
    if not jobs:
        return True
    with (
        JournalWriter(place, journal) as writer,
        running_engine(how.engine, parts, how.address) as engine,
        Stop() as stop,  # last: Ray has handlers of its own while it starts
    ):
        if (
            journal is None
        ):  # not before there is an engine: one that is refused must not leave measurements of its kind
            writer.write([header_of(parts)])
        weights = _weights(parts, place, results)
        for result in _results(engine, jobs, parts, writer, lambda: stop.signal != 0):
            if weights is not None:
                weights.on_result(result)
            how.on_result(result, len(jobs))
    return stop.signal == 0


def _before(place: Path, parts: Parts) -> Journal | None:
    """The journal that is there already."""
    if not (place / NAME).is_file():
        return None
    journal = Journal(place)
    if journal.header is None:
        return None
    if dict(journal.header.sweep) | {"resources": None} != parts.described | {"resources": None}:
        raise SearchError(f"{place} has measurements that were made in another way; give --out another folder")
    return journal


def _weights(parts: Parts, place: Path, results: Sequence[Result]) -> WeightsKeeper | None:
    """What keeps the best weights, knowing the results so far; None if there is nothing for it to do."""
    keeper = weights_keeper(parts, place)
    if keeper is not None:
        for result in results:
            keeper.on_result(result)
    return keeper


def _jobs(place: Path, candidates: Sequence[Result], repeats: int, results: Sequence[Result], seed: int) -> list[Job]:
    """What is missing: first one evaluation of each candidate, then the next one of each."""
    done = Counter(result.identity for result in results)
    following = max((result.trial for result in results), default=-1) + 1
    wanted = [(n, c) for n in range(repeats) for c in candidates if n >= done[c.identity]]
    return [
        Job(
            following + i,
            candidate.decisions,
            candidate.identity,
            seed_of(seed, _SEEDS + candidate.trial * _MOST_REPEATS + repeat),
            place / TRIALS / f"{following + i:06d}",
        )
        for i, (repeat, candidate) in enumerate(wanted)
    ]


def _results(
    engine: Engine, jobs: Sequence[Job], parts: Parts, writer: JournalWriter, stopped: Callable[[], bool]
) -> Iterator[Result]:
    """Every result as it comes, written before it is given. A job whose worker was lost is submitted once more."""
    waiting = list(reversed(jobs))
    running: dict[int, Job] = {}
    lost: set[int] = set()
    while (waiting and not stopped()) or running:
        if stopped():
            return
        batch = [waiting.pop() for _ in range(min(len(waiting), engine.slots - len(running)))]
        if batch:
            running.update({job.trial: job for job in batch})
            engine.submit(batch)
        for ending in engine.wait(_PATIENCE):
            job = running.pop(ending.trial)
            if ending.lost and job.trial not in lost:
                lost.add(job.trial)
                waiting.append(job)
                continue
            result = _result(job, ending, parts)
            lines: list[Record] = [Asked(job.trial, job.identity), result]
            writer.write(lines)
            yield result


def _result(job: Job, ending: Ending, parts: Parts) -> Result:
    verdict = judge(ending, parts.objective, parts.sweep.constraints)
    time = stamped(seconds=round(ending.seconds, 3), worker=ending.worker)
    error = verdict.error if verdict.state is not State.FINISHED else ""
    return Result(
        job.trial, verdict.state, verdict.values, job.decisions, job.identity, verdict.metrics, error, None, time
    )
