"""A plain function as an evaluator: a module in, metrics out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import archdsl
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics

if TYPE_CHECKING:
    from archdsl import Space

# What a function may ask for by the name of a parameter, beside the module.
EXTRAS = ("architecture", "job")


class FunctionEvaluator(Evaluator[EvaluatorSettings]):
    """Calls `function(module)` with the candidate's module, as `archdsl.compile` makes it, freshly initialised.

    The initial weights follow from the job's seed. A parameter named `architecture` is given the
    `archdsl.Architecture`, one named `job` the `Job`. The function returns metrics by name, or one number: `accuracy`.
    """

    name = "function"
    metrics = ()

    def __init__(self, space: Space, settings: EvaluatorSettings, function: Callable[..., Any]):
        super().__init__(space, settings)
        self.function = function
        self.asked = [name for name in EXTRAS if name in inspect.signature(function).parameters]

    def evaluate(self, job: Job) -> Metrics:
        import torch

        architecture = self.space.resolve(job.decisions)
        torch.manual_seed(job.seed)
        module = archdsl.compile(architecture)
        extras = {"architecture": architecture, "job": job}
        return _metrics(self.function(module, **{name: extras[name] for name in self.asked}))


def _metrics(found: Any) -> Metrics:
    """What a function returned, by name. Whether the numbers are of use is for the driver to say."""
    if isinstance(found, Mapping):
        return found
    if isinstance(found, int | float) and not isinstance(found, bool):
        return {"accuracy": float(found)}
    raise TypeError(f"an evaluator returns metrics by name, or one number, not {type(found).__name__}")
