"""A driver of a few lines: asks, tells in any order, and keeps what was called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome, State
from archdsl_search.searchers.base import Searcher

Judge = Callable[[int, Candidate], Outcome]


@dataclass
class Record:
    """The calls of a search.

    Attributes:
        calls: ("ask", trial, candidate or None) and ("tell", trial, outcome), in order.
        candidates: what was asked for, by trial.
        ended: whether the searcher had nothing more while no trial was open.
    """

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    candidates: dict[int, Candidate] = field(default_factory=dict)
    ended: bool = False

    def proposals(self) -> list[tuple[int, str, str]]:
        """What was proposed, comparable."""
        return [(trial, repr(dict(c.decisions)), c.identity) for trial, c in self.candidates.items()]


def drive(searcher: Searcher[Any], trials: int, judge: Judge, slots: int = 1, order: int = 0, first: int = 0) -> Record:
    """Run a search with `slots` trials open at once, told in an order drawn from the seed `order`."""
    rng, record = Random(order), Record()
    waiting: list[int] = []
    trial, end = first, first + trials
    while True:
        candidate = None
        if trial < end and len(waiting) < slots:
            candidate = searcher.ask(trial)
            record.calls.append(("ask", trial, candidate))
        if candidate is not None:
            record.candidates[trial] = candidate
            waiting.append(trial)
            trial += 1
            if len(waiting) < slots:
                continue
        if not waiting:
            record.ended = trial < end
            return record
        done = waiting.pop(rng.randrange(len(waiting)))
        outcome = judge(done, record.candidates[done])
        searcher.tell(done, record.candidates[done], outcome)
        record.calls.append(("tell", done, outcome))


def replay(searcher: Searcher[Any], record: Record) -> Iterator[tuple[Candidate | None, Candidate | None]]:
    """Make the calls of a record again: what was proposed then, and what is proposed now."""
    for kind, trial, what in record.calls:
        if kind == "ask":
            yield what, searcher.ask(trial)
        else:
            searcher.tell(trial, record.candidates[trial], what)


def score(candidate: Candidate) -> float:
    """A smooth part that can be learned and a rough part, from the decisions alone, in 0 to 100."""
    smooth = sum(_fraction(f"{name}={label}") for name, label in candidate.decisions.items())
    return 80 * smooth / max(1, len(candidate.decisions)) + 20 * _fraction(candidate.identity)


def finished(trial: int, candidate: Candidate) -> Outcome:
    """Everything works."""
    return Outcome(State.FINISHED, (score(candidate),), {"score": score(candidate)})


def troubled(trial: int, candidate: Candidate) -> Outcome:
    """Half of all trials end badly, in every way there is; a broken evaluator even gives NaN and infinity."""
    kind = int(_fraction(f"{trial} {candidate.identity}") * 10)
    if kind in (0, 1, 2):
        state = (State.FAILED, State.INFEASIBLE, State.REJECTED)[kind]
        return Outcome(state, None, {}, "told by a test")
    if kind in (3, 4):
        return Outcome(State.FINISHED, (float("nan") if kind == 3 else float("inf"),), {})
    return finished(trial, candidate)


def hopeless(trial: int, candidate: Candidate) -> Outcome:
    """Nothing works."""
    return Outcome(State.FAILED, None, {}, "told by a test")


def two_values(trial: int, candidate: Candidate) -> Outcome:
    """Two objectives that pull apart."""
    value = score(candidate)
    return Outcome(State.FINISHED, (value, -value + 30 * _fraction("other" + candidate.identity)), {})


def _fraction(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(sha256(text.encode()).digest()[:6]) / 2**48
