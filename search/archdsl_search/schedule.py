"""What the trials of a search with shared weights are for: the searcher and the evaluator go by the same schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Protocol, TypeVar

from pydantic import Field

from archdsl_search.options import Options

# The metric that says which stage a result is of; where it is missing, there is but one.
STAGE = "stage"


class _Measured(Protocol):
    @property
    def metrics(self) -> Mapping[str, float]: ...


R = TypeVar("R", bound=_Measured)


class Stage(IntEnum):
    """Of a trial; accuracies of different stages are not to be compared."""

    SHARING = 0
    "The shared weights are trained on the candidate's path, then it is rewarded."
    DERIVING = 1
    "Judged with the shared weights on all validation images; nothing is trained."
    TRAINING = 2
    "Trained by itself, from its own initial weights."


class Schedule(Options):
    """How many trials there are of each kind, in this order."""

    warmup: int = Field(
        100, ge=0, description="Trials with random candidates, from which the controller learns nothing."
    )
    search: int = Field(400, ge=1, description="Trials with candidates of the controller, which learns from them.")
    derive: int = Field(40, ge=1, description="Candidates of the controller that are judged with the shared weights.")
    train: int = Field(4, ge=1, description="The best of those, each then trained by itself.")

    @property
    def sharing(self) -> int:
        """Trials that train shared weights."""
        return self.warmup + self.search

    def stage(self, trial: int) -> Stage:
        """What a trial is for."""
        if trial < self.sharing:
            return Stage.SHARING
        return Stage.DERIVING if trial < self.sharing + self.derive else Stage.TRAINING


def last_stage(results: Iterable[R]) -> list[R]:
    """Those of the last stage that any has reached; all of them where there are no stages."""
    found = list(results)
    last = max((result.metrics.get(STAGE, 0.0) for result in found), default=0.0)
    return [result for result in found if result.metrics.get(STAGE, 0.0) == last]
