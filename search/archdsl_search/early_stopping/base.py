"""What a rule of early stopping is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from archdsl_search.options import Options


class EarlyStoppingSettings(Options):
    """What a sweep file says under `early_stopping`."""

    name: Literal["asha", "hyperband"] = Field(description="asha, or hyperband: several of it, from patient to harsh.")
    metric: str = Field("accuracy", description="Of what the evaluator reports at each step.")
    goal: Literal["maximize", "minimize"] = Field("maximize", description="Whether more of it is better.")
    grace: int = Field(1, ge=1, description="Steps (epochs, for training) before anything is stopped.")
    reduction: float = Field(3.0, gt=1, description="One in so many goes on at each rung; each is so much further.")
    max_steps: int = Field(81, ge=1, description="Steps of a whole evaluation: there are no rungs beyond.")

    @model_validator(mode="after")
    def _some_rung(self) -> EarlyStoppingSettings:
        if self.grace >= self.max_steps:
            raise ValueError(f"grace must be less than max_steps = {self.max_steps}: nothing would ever be stopped")
        return self

    @property
    def rungs(self) -> tuple[int, ...]:
        """Steps at which evaluations are compared: grace * reduction^k below max_steps."""
        found: list[int] = []
        while (step := math.ceil(self.grace * self.reduction ** len(found) - 1e-9)) < self.max_steps:
            found.append(step)
        return tuple(found)


class Reached(NamedTuple):
    """A trial has come to a rung: its value there, larger is better, and whether it goes on."""

    trial: int
    step: int
    value: float
    stopped: bool


class EarlyStopping(ABC):
    """Decides which evaluations go on. Its state is a function of what it was shown, in order."""

    def __init__(self, settings: EarlyStoppingSettings):
        self.settings = settings

    @abstractmethod
    def observe(self, trial: int, step: int, value: float) -> Reached | None:
        """Look at a report; `value`: larger is better.

        Returns:
            What came of it, if the trial has reached a rung.
        """

    @abstractmethod
    def recall(self, reached: Reached) -> None:
        """Take a decision of an earlier session for what it was."""
