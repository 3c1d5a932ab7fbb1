"""What a sweep file says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from archdsl_search.early_stopping.base import EarlyStoppingSettings
from archdsl_search.objectives.constraints import Bound
from archdsl_search.options import Options
from archdsl_search.space.identity import Rule
from archdsl_search.sweep.amounts import Bytes, Seconds


class SpaceChoice(Options):
    """The space, and what is fixed in it."""

    file: str = Field(description="A file, `file@variant`, or a name from `archdsl zoo list`.")
    params: dict[str, Any] = Field({}, description="Values of root parameters.")
    inputs: dict[str, Sequence[int]] = Field({}, description="Shapes of one sample that replace the file's.")
    decisions: dict[str, Any] = Field({}, description="Decisions that are not searched.")


class Budget(Options):
    """When the search ends: whatever is used up first. Open trials are waited for."""

    trials: int | None = Field(None, ge=1, description="Evaluations; replayed and rejected candidates cost nothing.")
    seconds: Seconds | None = Field(None, description="Wall time of the run, all sessions together.")
    gpu_seconds: Seconds | None = Field(None, description="Seconds of evaluations times the GPUs that each has.")
    simulated_seconds: Seconds | None = Field(None, description="Sum of the metric simulated_seconds (tables).")
    stall: int = Field(
        10_000, ge=1, description="The search also ends when so many proposals in a row were known or rejected."
    )

    @model_validator(mode="after")
    def _something(self) -> Budget:
        if self.trials is self.seconds is self.gpu_seconds is self.simulated_seconds is None:
            raise ValueError("trials, seconds, gpu_seconds or simulated_seconds is needed")
        return self


class Resources(Options):
    """What evaluations get."""

    workers: int = Field(1, ge=1, description="Evaluations at once. With one, the run is reproducible byte by byte.")
    cpus: float = Field(1, gt=0, description="CPU cores for each evaluation: threads of numerical libraries.")
    gpus: float = Field(0, ge=0, description="GPUs for each evaluation; 0.25 puts four on one (engine ray).")
    batch: int = Field(
        1, ge=1, description="Evaluations of milliseconds that a worker gets together: the searcher is asked for more."
    )
    timeout: Seconds | None = Field(None, description="An evaluation that takes longer is stopped, and has failed.")
    memory: Bytes | None = Field(None, description="Memory of one evaluation; beyond it the candidate is infeasible.")
    disk: Bytes | None = Field(
        None,
        description="What RUN/trials may take as a whole: beyond it, logs and files of the worst trials go, never "
        "those of the best (the evaluator's `keep`, or one).",
    )
    custom: dict[str, float] = Field({}, description="Further resources of a cluster that each evaluation takes.")
    bundles: tuple[dict[str, float], ...] = Field(
        (), description="For evaluations over several devices: further bundles {CPU: 1, GPU: 1}, placed with the first."
    )


class Sweep(Options):
    """One search, described completely: the same sweep gives the same search, whoever carries it out.

    `searcher`, `evaluator` and `objective` are `name` and the options of the searcher, evaluator or objective of this
    name; these are checked where the parts are put together (`archdsl_search.sweep.parts`).
    """

    sweep: Literal[1] = Field(1, description="Version of this format.")
    name: str = Field("", description="What displays call it.")
    space: SpaceChoice = Field(description="What is searched; a text is short for {file: text}.")
    identity: Rule = Field("graph", description="Which candidates are one.")
    searcher: dict[str, Any] = Field({"name": "regularized_evolution"}, description="`name`, and its options.")
    evaluator: dict[str, Any] = Field(description="`name`, and its options.")
    objective: dict[str, Any] = Field({"name": "maximize"}, description="`name`, and its options.")
    constraints: dict[str, Bound] = Field(
        {},
        description="Bounds on metrics. params, mult_adds, flops, memory_access and peak_activation are known from the "
        "graph: a candidate beyond them is rejected before anything is built.",
    )
    early_stopping: EarlyStoppingSettings | None = Field(
        None, description="Evaluations that fall behind return what they have; by default none does."
    )
    budget: Budget = Field(description="When the search ends.")
    resources: Resources = Field(Resources(), description="What evaluations get.")
    seed: int = Field(0, ge=0, description="Of everything random.")

    @field_validator("space", mode="before")
    @classmethod
    def _short_space(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @field_validator("searcher", "evaluator", "objective", mode="before")
    @classmethod
    def _short_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value
