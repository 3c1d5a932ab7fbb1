"""Predictors: from the steps of a network and the samples in a batch to seconds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from archdsl.analysis.latency.features import GROUPS, features_of, group_of, work_of, written_by
from archdsl.analysis.latency.regression import Regression, numbers
from archdsl.analysis.latency.steps import Step


@dataclass(frozen=True)
class Predictor(ABC):
    """What every predictor has.

    Attributes:
        low, high: the 10th and 90th percentile of measured over predicted time of whole networks that were left out
            of the fit.
    """

    kind: ClassVar[str]

    low: float
    high: float

    @abstractmethod
    def seconds(self, steps: Sequence[Step], batch_size: int) -> list[float]:
        """The time of each step within a network."""
        raise NotImplementedError

    def step_interval(self, step: Step) -> tuple[float, float]:
        """The same percentiles for a single step."""
        return self.low, self.high

    def beyond(self, steps: Sequence[Step], batch_size: int) -> list[str]:
        """What was not measured, in a few words each."""
        return []

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        raise NotImplementedError


@dataclass(frozen=True)
class LinearPredictor(Predictor):
    """Seconds as a sum over multiply-adds, elements moved (weights included) and steps."""

    kind: ClassVar[str] = "linear"

    per_mult_add: float
    per_element: float
    per_node: float

    def seconds(self, steps: Sequence[Step], batch_size: int) -> list[float]:
        """The time of each step."""
        from archdsl.analysis.figures import figures_of

        found = []
        for op, operands, _ in steps:
            known = figures_of(op, operands)
            moved = (known.reads + known.writes) * batch_size + known.weights_read
            work = self.per_mult_add * known.mult_adds * batch_size + self.per_element * moved
            found.append(work + self.per_node)
        return found

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"kind": self.kind, **vars(self)}

    @classmethod
    def of_dict(cls, found: dict[str, Any]) -> LinearPredictor:
        """From plain data; raises ValueError if it is none."""
        names = ("low", "high", "per_mult_add", "per_element", "per_node")
        return cls(*numbers([found.get(name) for name in names], len(names)))


@dataclass(frozen=True)
class StepPredictor(Predictor):
    """A regression for each group of operators.

    Attributes:
        regressions: by group.
        scale, per_step, per_written: the time of a step within a network is `scale` times that of the step measured
            alone, `per_step` seconds, which may be negative, since running a step alone has its own overhead, and
            `per_written` seconds for each element it writes, since the network gives the memory back.
        batch_sizes: the smallest and the largest batch that was measured.
    """

    kind: ClassVar[str] = "steps"

    regressions: dict[str, Regression]
    scale: float
    per_step: float
    per_written: float
    batch_sizes: tuple[int, int]

    def alone(self, steps: Sequence[Step], batch_size: int) -> list[float]:
        """The time of each step measured alone; equal steps are predicted once."""
        distinct = list(dict.fromkeys(steps))
        found: dict[Step, float] = {}
        for group in GROUPS:
            members = [step for step in distinct if group_of(step.op) == group]
            if not members:
                continue
            names = [step.op.name for step in members]
            features = [features_of(step, batch_size) for step in members]
            work = [work_of(step.op, step.operands, batch_size) for step in members]
            regression = self.regressions.get(group) or self.regressions["other"]
            found.update(zip(members, regression.seconds(names, features, work), strict=True))
        return [found[step] for step in steps]

    def seconds(self, steps: Sequence[Step], batch_size: int) -> list[float]:
        """The time of each step."""
        found = []
        for step, alone in zip(steps, self.alone(steps, batch_size), strict=True):
            written = self.per_written * written_by(step.op, step.operands, batch_size)
            found.append(max(self.scale * alone + self.per_step + written, alone / 10))
        return found

    def step_interval(self, step: Step) -> tuple[float, float]:
        """The percentiles of the step's group."""
        regression = self.regressions.get(group_of(step.op)) or self.regressions["other"]
        return regression.low, regression.high

    def beyond(self, steps: Sequence[Step], batch_size: int) -> list[str]:
        """Operators that were not measured, and a batch outside those that were."""
        known = {name for regression in self.regressions.values() for name in regression.operators}
        unknown = sorted({step.op.name for step in steps} - known)
        least, most = self.batch_sizes
        found = [f"operators that were not measured: {', '.join(unknown)}"] if unknown else []
        if not least <= batch_size <= most:
            found.append(f"batches of {least} to {most} were measured, not of {batch_size}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "kind": self.kind,
            "low": self.low,
            "high": self.high,
            "scale": self.scale,
            "per_step": self.per_step,
            "per_written": self.per_written,
            "batch_sizes": list(self.batch_sizes),
            "groups": {group: regression.to_dict() for group, regression in self.regressions.items()},
        }

    @classmethod
    def of_dict(cls, found: dict[str, Any]) -> StepPredictor:
        """From plain data; raises ValueError if it is none."""
        groups = found.get("groups")
        if not isinstance(groups, dict) or "other" not in groups or not set(groups) <= set(GROUPS):
            raise ValueError(f"`groups` must be an object with some of {', '.join(GROUPS)}, `other` among them")
        regressions = {group: Regression.of_dict(group, given) for group, given in groups.items()}
        low, high, scale, written = numbers([found.get(name) for name in ("low", "high", "scale", "per_written")], 4)
        per_step = found.get("per_step")
        if not isinstance(per_step, int | float) or isinstance(per_step, bool) or not abs(per_step) < 1:
            raise ValueError("`per_step` must be a number of seconds below 1")
        least, most = numbers(found.get("batch_sizes"), 2)
        return cls(low, high, regressions, scale, float(per_step), written, (int(least), int(most)))


_KINDS: dict[str, type[LinearPredictor] | type[StepPredictor]] = {"linear": LinearPredictor, "steps": StepPredictor}


def predictor_of(found: Any) -> Predictor:
    """A predictor from plain data.

    Raises:
        ValueError: if it is none.
    """
    kind = found.get("kind") if isinstance(found, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"its kind is one of {', '.join(_KINDS)}, not {kind!r}")
    return _KINDS[kind].of_dict(found)
