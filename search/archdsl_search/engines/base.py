"""What an engine is: jobs go in, endings come out, in any order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from archdsl_search.evaluators.base import Job, Metrics
from archdsl_search.outcome import State


@dataclass(frozen=True, slots=True)
class Ending:
    """How one job ended, before objective and constraints are looked at.

    Attributes:
        state: finished, failed or infeasible.
        seconds: wall time of the evaluation; 0 if it never began.
        worker: where it ran (host and process), for people who look for its logs.
        lost: the worker died or the machine was lost: nothing is known of the candidate, and it can be run again.
        no_space: a disk is full: nothing is known of this candidate, nor would be of others.
    """

    trial: int
    state: State
    metrics: Metrics = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    worker: str = ""
    lost: bool = False
    no_space: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Intermediate metrics of a running job."""

    trial: int
    step: int
    metrics: Metrics


class Engine(ABC):
    """Carries out jobs. Knows nothing of searchers, objectives or the journal.

    Attributes:
        on_report: shown what running jobs report, from within `wait`; True asks the job to return what it has.
    """

    on_report: Callable[[Report], bool] = staticmethod(lambda report: False)

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many jobs it can hold at once: the driver asks the searcher for so many."""

    @abstractmethod
    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs; returns at once."""

    @abstractmethod
    def wait(self, timeout: float) -> list[Ending]:
        """Endings since the last call; waits up to `timeout` seconds for the first one."""

    @abstractmethod
    def close(self, grace: float) -> None:
        """Stop what runs, within `grace` seconds, and leave no process behind."""
