"""What an evaluator is: a job in, metrics out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from archdsl_search.candidate import Decisions
from archdsl_search.options import Options

if TYPE_CHECKING:
    from archdsl import Space

Metrics = Mapping[str, float]


class InfeasibleError(Exception):
    """The candidate cannot be evaluated here: it is out of memory or beyond a limit. The message says of what."""


@dataclass(frozen=True)
class Job:
    """One candidate to evaluate. Everything in it can be sent to another process.

    Attributes:
        trial: number of the trial, from 0.
        decisions: the candidate's decisions.
        identity: its identity; the name under which artefacts of equal candidates can be found.
        seed: for everything random in this evaluation; derived from the sweep's seed and the trial.
        folder: where files of this trial may be kept; not made yet.
        report: called with intermediate metrics; True asks the evaluator to stop early and return what it has.
    """

    trial: int
    decisions: Decisions
    identity: str
    seed: int
    folder: Path
    report: Callable[[int, Metrics], bool] = lambda step, metrics: False


class EvaluatorSettings(Options):
    """Options of an evaluator in a sweep file, beside `name`. Each field's description is its documentation."""


E = TypeVar("E", bound=EvaluatorSettings)


class Evaluator(ABC, Generic[E]):
    """Measures candidates of one space.

    Made once in each process that evaluates, from the space and its settings; data is loaded once.

    Class attributes:
        name: what sweep files call it.
        settings_type: its options.
        metrics: names of what it always measures, the first one the default objective; see `measured`.
        light: takes milliseconds: evaluations are packed into batches; see `is_light`.
    """

    name: ClassVar[str]
    settings_type: ClassVar[type[EvaluatorSettings]] = EvaluatorSettings
    metrics: ClassVar[tuple[str, ...]]
    light: ClassVar[bool] = False

    def __init__(self, space: Space, settings: E):
        self.space = space
        self.settings = settings

    @classmethod
    def measured(cls, settings: E) -> tuple[str, ...]:
        """What it always measures with these settings: `metrics`, unless the settings decide."""
        return cls.metrics

    @classmethod
    def files(cls, settings: E) -> tuple[Path, ...]:
        """Files that its results depend on, as long as they are quickly read: a run goes on only with the same ones."""
        return ()

    @classmethod
    def is_light(cls, settings: E) -> bool:
        """Whether it takes milliseconds with these settings: `light`, unless the settings decide."""
        return cls.light

    @abstractmethod
    def evaluate(self, job: Job) -> Metrics:
        """Measure one candidate. Deterministic given the job, as far as the device allows.

        Raises:
            InfeasibleError: if it cannot be measured here.
            MemoryError, torch.OutOfMemoryError: likewise; the process that ran out of memory is replaced.
            Exception: anything else makes the trial `failed`, with the message in the journal.
        """

    def evaluate_many(self, jobs: Sequence[Job]) -> list[Metrics | Exception]:
        """Measure several; the errors of one don't touch the others."""
        found: list[Metrics | Exception] = []
        for job in jobs:
            try:
                found.append(self.evaluate(job))
            except Exception as error:
                found.append(error)
        return found

    def describe(self) -> dict[str, Any]:
        """What a report says of it: data set, epochs and the like."""
        return {"name": self.name, **self.settings.model_dump(mode="json")}
