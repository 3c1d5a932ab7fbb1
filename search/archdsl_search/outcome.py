"""What became of a candidate: what a searcher is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How an evaluation ended. Only `FINISHED` has values."""

    FINISHED = "finished"
    FAILED = "failed"
    "The evaluator raised an error, timed out, or gave no usable number."
    INFEASIBLE = "infeasible"
    "Out of memory, or measured beyond a constraint."
    REJECTED = "rejected"
    "Beyond a cost limit or outside the space: nothing was built and nothing spent."


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one evaluation.

    Attributes:
        state: how it ended.
        values: one finite number for each objective, all to be made larger; None unless finished.
        metrics: everything that was measured, by name.
        error: one line; empty if finished.
        replayed: the result of an earlier candidate of the same identity, at no cost.
    """

    state: State
    values: tuple[float, ...] | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    replayed: bool = False

    @property
    def finished(self) -> bool:
        """Whether there are values."""
        return self.state is State.FINISHED
