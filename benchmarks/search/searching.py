"""One search on the table, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from archdsl_search.outcome import Outcome, State
from archdsl_search.searchers.registry import searcher_type
from benchmarks.search.contenders import CONTENDERS
from benchmarks.search.table import Key, TableSpace, key_of

# Free proposals in a row after which a search is over: it has converged.
STALL = 10_000


@dataclass(frozen=True)
class Protocol:
    """What is searched on, and how far.

    Attributes:
        column: the objective.
        queries: distinct identities that are paid for.
        seconds: simulated seconds of training and validation; None for no limit.
    """

    column: str
    queries: int
    seconds: float | None = None

    @property
    def epochs(self) -> int:
        """Epochs of training that one query stands for."""
        return int(self.column.rsplit("_e", 1)[1])


PROTOCOLS = {
    "val_acc_e200": Protocol("val_acc_e200", 1000),
    "val_acc_e12": Protocol("val_acc_e12", 10_000, 12_000.0),
}


@dataclass
class Search:
    """The course of one search.

    Attributes:
        improved: [queries, objective, test accuracy] whenever a query gave a better objective.
        found: queries when the best architecture of the table was queried; None if it was not.
        queries: paid for. proposals: all, free ones included.
    """

    improved: list[list[float]] = field(default_factory=list)
    found: int | None = None
    queries: int = 0
    proposals: int = 0


def search(
    space: TableSpace, rows: dict[Key, dict[str, float]], contender: str, protocol: Protocol, seed: int
) -> Search:
    """Search until the budget is used up, or nothing can change any more: the best of the table has been found."""
    name, options = CONTENDERS[contender]
    kind = searcher_type(name)
    searcher: Any = kind(space, kind.settings_type.model_validate(options), Random(seed))
    best = space.described[max(rows, key=lambda key: rows[key][protocol.column])][0]
    course, known, free, spent = Search(), {}, 0, 0.0
    while course.queries < protocol.queries and free < STALL and (protocol.seconds is None or spent < protocol.seconds):
        candidate = searcher.ask(course.proposals)
        if candidate is None:
            break
        replayed = candidate.identity in known
        if not replayed:
            row = rows[key_of(candidate)]
            value = known[candidate.identity] = row[protocol.column]
            spent += protocol.epochs * (row["train_seconds_per_epoch"] + row["valid_seconds_per_epoch"])
            course.queries += 1
            if not course.improved or value > course.improved[-1][1]:
                course.improved.append([course.queries, value, row["test_acc_e200"]])
            if candidate.identity == best:
                course.found = course.queries
        free = free + 1 if replayed else 0
        outcome = Outcome(State.FINISHED, (known[candidate.identity],), replayed=replayed)
        searcher.tell(course.proposals, candidate, outcome)
        course.proposals += 1
        if course.found and protocol.seconds is None:
            break
    return course
