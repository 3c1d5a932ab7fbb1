"""Several evaluators on one candidate: their metrics together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics

if TYPE_CHECKING:
    from archdsl import Space


class CombinedSettings(EvaluatorSettings):
    """None of its own: see `also` of a sweep file's `evaluator`."""


class CombinedEvaluator(Evaluator[CombinedSettings]):
    """Asks one evaluator after the other, light ones first, so that what they refuse costs no training.

    Where two measure something of one name, the evaluator that comes first in the file is believed.
    """

    name = "combined"
    settings_type = CombinedSettings
    metrics = ()

    def __init__(self, space: Space, settings: CombinedSettings, parts: Sequence[Evaluator[Any]]):
        super().__init__(space, settings)
        self.parts = tuple(parts)

    def evaluate(self, job: Job) -> Metrics:
        order = sorted(range(len(self.parts)), key=lambda i: not self.parts[i].is_light(self.parts[i].settings))
        found = {i: self.parts[i].evaluate(job) for i in order}
        merged: dict[str, float] = {}
        for i in range(len(self.parts)):
            merged.update({name: value for name, value in found[i].items() if name not in merged})
        return merged

    def describe(self) -> dict[str, Any]:
        first, *others = (part.describe() for part in self.parts)
        return {**first, "also": others}
