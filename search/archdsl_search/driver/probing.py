"""Evaluating a few candidates before a sweep begins, to see that it works and how long it takes. Nothing is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from archdsl_search.candidate import Candidate
from archdsl_search.driver.driver import TICK, seed_of
from archdsl_search.driver.engines import running_engine
from archdsl_search.driver.judging import Verdict, judge
from archdsl_search.driver.screening import Screen
from archdsl_search.driver.spending import SIMULATED
from archdsl_search.engines.base import Ending, Engine
from archdsl_search.engines.scratch import scratch
from archdsl_search.evaluators.base import Evaluator, Job, Metrics
from archdsl_search.evaluators.plan import EvaluatorPlan
from archdsl_search.outcome import State
from archdsl_search.sweep.parts import Parts

if TYPE_CHECKING:
    from archdsl import Space

# So many candidates beyond the limits of the sweep are drawn for each one that is wanted.
DRAWS = 200

Seen = Callable[[int, int], None]


@dataclass(frozen=True)
class Probe:
    """What became of some candidates.

    Attributes:
        candidates: how many were evaluated.
        drawn: how many had to be drawn for that; the others are beyond a limit of the sweep.
        finished: how many gave an objective.
        seconds: of one evaluation, the mean; 0 if none had an end.
        longest: the longest one's.
        starting: seconds until the first worker was ready.
        simulated: mean of the metric `simulated_seconds`; 0 if there is none.
        errors: why others gave none.
        stopped: whether somebody wanted to stop.
    """

    candidates: int
    drawn: int
    finished: int
    seconds: float
    longest: float
    starting: float
    simulated: float
    errors: tuple[str, ...]
    stopped: bool = False


class PassingEvaluator(Evaluator[Any]):
    """Evaluates in a folder that is gone afterwards, wherever that is."""

    def __init__(self, inner: Evaluator[Any], scratch: Path):
        super().__init__(inner.space, inner.settings)
        self._inner = inner
        self._scratch = scratch

    def evaluate(self, job: Job) -> Metrics:
        with scratch("probe", self._scratch if self._scratch.is_dir() else None) as folder:
            return self._inner.evaluate(replace(job, folder=folder))


@dataclass(frozen=True)
class PassingPlan(EvaluatorPlan):
    """A plan whose evaluators keep nothing."""

    scratch: Path = Path()

    def make(self, space: Space) -> Evaluator[Any]:
        """The evaluator for candidates of this space."""
        return PassingEvaluator(super().make(space), self.scratch)


def probe(parts: Parts, engine: str, address: str, wanted: int, should_stop: Callable[[], bool], seen: Seen) -> Probe:
    """Evaluate candidates drawn at random, as many at once as the sweep would.

    Args:
        wanted: how many.
        seen: called now and then with how many have ended, and of how many.

    Raises:
        BrokenEvaluatorError: if the evaluator could not be made.
        RefusedError: if the engine cannot carry it out.
    """
    drawn, candidates = _draw(parts, wanted)
    with scratch("probe") as folder:
        reduced = _reduced(parts, max(1, len(candidates)), folder)
        with running_engine(engine, reduced, address) as running:
            # No folder could ever be made there: what evaluations print is dropped.
            nowhere = Path("/dev/null/trial")
            jobs = [
                Job(n, found.decisions, found.identity, seed_of(parts.sweep.seed, n), nowhere)
                for n, found in enumerate(candidates)
            ]
            started = time.monotonic()
            ended = list(_carried_out(running, jobs, should_stop, seen))
    return _summed_up(parts, drawn, len(jobs), [(ending, at - started) for ending, at in ended])


def _draw(parts: Parts, wanted: int) -> tuple[int, list[Candidate]]:
    """How many were drawn, and those within the sweep's limits."""
    rng = Random(f"archdsl_search {parts.sweep.seed} probe")
    screen = Screen(parts.space.space, parts.sweep.constraints)
    found: list[Candidate] = []
    drawn = 0
    while len(found) < wanted and drawn < DRAWS * wanted:
        candidate = parts.space.sample(rng)
        drawn += 1
        if not screen.objection(candidate):
            found.append(candidate)
    return drawn, found


def _reduced(parts: Parts, candidates: int, scratch: Path) -> Parts:
    """The sweep with no more workers than there are candidates, and with evaluators that keep nothing."""
    resources = parts.sweep.resources
    fewer = resources.model_copy(update={"workers": min(resources.workers, candidates)})
    plan = parts.plan
    passing = PassingPlan(plan.kind, plan.settings, plan.also, plan.function, scratch=scratch)
    return replace(parts, sweep=parts.sweep.model_copy(update={"resources": fewer}), plan=passing)


def _carried_out(
    engine: Engine, jobs: list[Job], should_stop: Callable[[], bool], seen: Seen
) -> Iterator[tuple[Ending, float]]:
    """Each ending and when it came."""
    engine.submit(jobs)
    left = len(jobs)
    while left and not should_stop():
        for ending in engine.wait(TICK):
            left -= 1
            yield ending, time.monotonic()
        seen(len(jobs) - left, len(jobs))


def _summed_up(parts: Parts, drawn: int, candidates: int, ended: list[tuple[Ending, float]]) -> Probe:
    verdicts: list[Verdict] = []
    times: list[float] = []
    for ending, _ in ended:
        verdicts.append(judge(ending, parts.objective, parts.sweep.constraints))
        times.append(ending.seconds)
    finished = [verdict for verdict in verdicts if verdict.state is State.FINISHED]
    simulated = [verdict.metrics.get(SIMULATED, 0.0) for verdict in finished]
    return Probe(
        candidates,
        drawn,
        len(finished),
        _mean(times),
        max(times, default=0.0),
        max(0.0, min((at - ending.seconds for ending, at in ended), default=0.0)),
        _mean(simulated),
        tuple(verdict.error for verdict in verdicts if verdict.error),
        len(ended) < candidates,
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
