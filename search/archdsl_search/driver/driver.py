"""The driver: asks the searcher, hands candidates to the engine, journals what comes back, tells the searcher."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Protocol

from archdsl_search.candidate import Candidate
from archdsl_search.driver.halting import halting
from archdsl_search.driver.judging import Verdict, judge
from archdsl_search.driver.screening import Screen
from archdsl_search.driver.spending import Spending
from archdsl_search.engines.base import Ending, Engine, Report
from archdsl_search.errors import EngineFailedError, SearchError
from archdsl_search.evaluators.base import Job
from archdsl_search.journal.records import Asked, Record, Result, Rung
from archdsl_search.journal.writer import stamped
from archdsl_search.outcome import State
from archdsl_search.sweep.parts import HIDDEN, Parts

# Seconds after which a driver that waits looks whether it should stop.
TICK = 0.2
# How often a candidate is evaluated again after its worker was lost; then it is taken for the reason.
RETRIES = 2


class Log(Protocol):
    """Where records go: `JournalWriter`, or nowhere."""

    def write(self, records: Sequence[Record], sync: bool = True) -> None:
        """Append records."""


class Watcher(Protocol):
    """Sees what happens; changes nothing."""

    def on_result(self, result: Result) -> None:
        """A trial has ended, now or in an earlier session."""

    def on_tick(self, running: int, spending: Spending) -> None:
        """Now and then."""


class _Known(NamedTuple):
    """The result that all candidates of one identity share."""

    trial: int
    verdict: Verdict


class Driver:
    """One session of a run.

    The searcher's calls are a function of the journal's lines, in order: that is why `rebuild` can make them again.
    Replayed and rejected candidates are told at once. A candidate of the same identity as one that is being evaluated
    waits for that one's result.

    Args:
        parts: of the sweep.
        engine: carries out evaluations.
        log: where lines go before anybody acts on them.
        folder: of the run; trials get folders within it.
    """

    def __init__(self, parts: Parts, engine: Engine, log: Log, folder: Path, watcher: Watcher | None = None):
        self.parts = parts
        self.spending = Spending(parts.sweep.resources.gpus)
        self._searcher = parts.searcher()
        self._screen = Screen(parts.space.space, parts.sweep.constraints)
        self._engine = engine
        self._log = log
        self._folder = folder
        self._watcher = watcher
        self._open: dict[int, Candidate] = {}
        self._jobs: dict[int, Job] = {}
        self._lost: dict[int, int] = {}
        self._waiting: dict[str, list[int]] = {}
        self._known: dict[str, _Known] = {}
        self._halting = halting(parts)
        engine.on_report = self._on_report
        self._next = 0
        self._exhausted = False
        self._started = time.monotonic()
        self._before = 0.0

    # Resuming.

    def rebuild(self, records: Iterable[Record]) -> None:
        """Make the searcher's calls again. What was open is evaluated again by `run`, under the same numbers.

        Raises:
            SearchError: if the searcher now proposes something else.
        """
        for record in records:
            self.spending.note_time(record)
            if isinstance(record, Asked):
                self._ask_again(record)
            elif isinstance(record, Result):
                candidate = self._open.get(record.trial)
                if candidate is None or dict(candidate.decisions) != dict(record.decisions):
                    raise _differs(record.trial)
                self._close(record, candidate)
            elif isinstance(record, Rung) and self._halting is not None:
                self._halting.recall(record)
            if self._watcher is not None:
                self._watcher.on_tick(0, self.spending)
        self._before = self.spending.elapsed

    def _ask_again(self, record: Asked) -> None:
        candidate = self._searcher.ask(record.trial)
        if (candidate.identity if candidate else None) != record.identity:
            raise _differs(record.trial)
        self._exhausted = candidate is None
        if candidate is not None:
            self._open[record.trial] = candidate
            self._next = record.trial + 1

    # Running.

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> str:
        """Search until the budget is used up, the searcher has nothing more, or somebody wants to stop.

        Returns:
            Why it ended; empty if it was stopped.

        Raises:
            JournalError: if a line cannot be written.
            EngineFailedError: if the engine ended by itself, or a disk is full.
            BrokenEvaluatorError: if the evaluator could not be made.
        """
        self._submit(self._route(dict(self._open)))
        while not should_stop():
            reason = self._fill(should_stop)
            if should_stop():
                break
            if not self._open:
                return reason
            endings = self._engine.wait(TICK)
            if endings:
                self._settle(endings)
            if self._watcher is not None:
                self._watcher.on_tick(len(self._jobs), self.spending)
        return ""

    @property
    def elapsed(self) -> float:
        """Seconds of the run, all sessions together."""
        return self._before + time.monotonic() - self._started

    def _fill(self, should_stop: Callable[[], bool]) -> str:
        """Ask until the engine is full; gives the reason if nothing more is to be asked for."""
        jobs: list[Job] = []
        reason = ""
        while len(self._open) < self._engine.slots and not should_stop():
            reason = self.spending.used_up(self.parts.sweep.budget, len(self._jobs), self.elapsed)
            if reason or self._exhausted:
                break
            candidate = self._searcher.ask(self._next)
            self._log.write([Asked(self._next, candidate.identity if candidate else None, stamped())], sync=False)
            if candidate is None:
                self._exhausted = True  # until somebody is told something
                break
            trial, self._next = self._next, self._next + 1
            self._open[trial] = candidate
            jobs += self._route({trial: candidate})
        self._submit(jobs)
        return reason or ("the searcher has nothing more to try" if self._exhausted else "")

    def _route(self, opened: dict[int, Candidate]) -> list[Job]:
        """What is to be evaluated; what is known or rejected is settled at once."""
        jobs = []
        for trial, candidate in opened.items():
            known = self._known.get(candidate.identity) if self.parts.replays else None
            if known is not None:
                self._end([(trial, known.verdict, known.trial, {})], sync=False)
            elif self.parts.replays and candidate.identity in self._waiting:
                self._waiting[candidate.identity].append(trial)
            elif objection := self._screen.objection(candidate):
                self._end([(trial, Verdict(State.REJECTED, None, {}, objection), None, {})], sync=False)
            else:
                self._waiting[candidate.identity] = []
                jobs.append(self._job(trial, candidate))
        return jobs

    def _job(self, trial: int, candidate: Candidate) -> Job:
        folder = self._folder / "trials" / f"{trial:06d}"
        seed = seed_of(self.parts.sweep.seed, trial)
        self._jobs[trial] = Job(trial, candidate.decisions, candidate.identity, seed, folder)
        return self._jobs[trial]

    def _submit(self, jobs: Sequence[Job]) -> None:
        if jobs:
            self._engine.submit(jobs)

    def _on_report(self, report: Report) -> bool:
        """Journal what early stopping decides; whether the trial is to return what it has."""
        if self._halting is None or report.trial not in self._jobs:
            return False
        reached = self._halting.look(report)
        if reached is not None:
            self._log.write([replace(reached, time=stamped())], sync=False)
        return self._halting.is_over(report)

    def _settle(self, endings: Sequence[Ending]) -> None:
        """Journal how evaluations ended, theirs and of those that waited for them, and tell the searcher.

        Raises:
            EngineFailedError: if a disk is full where evaluations write: these trials stay open.
        """
        ended: deque[tuple[int, Verdict, int | None, dict[str, object]]] = deque()
        for ending in endings:
            job = self._jobs.get(ending.trial)
            if job is None or ending.no_space or self._try_again(ending, job):
                continue
            del self._jobs[ending.trial]
            if self._halting is not None:
                ending = replace(ending, metrics={**ending.metrics, **self._halting.ended(ending)})
            verdict = judge(ending, self.parts.objective, self.parts.sweep.constraints)
            details = {"seconds": round(ending.seconds, 3), "worker": ending.worker}
            ended.append((ending.trial, verdict, None, details))
            followers = self._waiting.pop(job.identity, ())
            ended.extend((trial, verdict, ending.trial, {}) for trial in followers)
        if ended:
            self._end(ended, sync=True)
        for ending in endings:
            if ending.no_space:
                raise EngineFailedError(f"trial {ending.trial} on {ending.worker}: {ending.error}")

    def _try_again(self, ending: Ending, job: Job) -> bool:
        """Whether the evaluation was lost, through no fault of the candidate as far as we know, and is repeated."""
        if not ending.lost or self._lost.get(job.trial, 0) >= RETRIES:
            return False
        self._lost[job.trial] = self._lost.get(job.trial, 0) + 1
        self._engine.submit([job])
        return True

    def _end(self, ended: Iterable[tuple[int, Verdict, int | None, dict[str, object]]], sync: bool) -> None:
        """Journal results; when they are safe, tell the searcher."""
        elapsed = round(self.elapsed, 3)
        results = []
        for trial, verdict, replayed, details in ended:
            candidate = self._open[trial]
            time = stamped(elapsed=elapsed, **details)
            ended_as = (verdict.state, verdict.values, candidate.decisions, candidate.identity, verdict.metrics)
            results.append(Result(trial, *ended_as, verdict.error, replayed, time))
        self._log.write(results, sync=sync)
        for result in results:
            self._close(result, self._open[result.trial])

    def _close(self, result: Result, candidate: Candidate) -> None:
        """Count a result, keep it for equal candidates, tell the searcher."""
        del self._open[result.trial]
        self._lost.pop(result.trial, None)
        self._exhausted = False
        self.spending.add(result)
        if result.paid and self.parts.replays:
            verdict = Verdict(result.state, result.objective, result.metrics, result.error)
            self._known[result.identity] = _Known(result.trial, verdict)
        self._searcher.tell(result.trial, candidate, result.outcome(HIDDEN))
        if self._watcher is not None:
            self._watcher.on_result(result)


def seed_of(seed: int, trial: int) -> int:
    """The seed of a trial, in 0 to 2**31 - 1; the same whenever it runs."""
    digest = blake2b(f"{seed} {trial}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def _differs(trial: int) -> SearchError:
    return SearchError(
        f"trial {trial}: the searcher does not propose what the journal says it did. The run was made by another "
        "version of the searcher or of the space, and cannot be continued by this one"
    )
