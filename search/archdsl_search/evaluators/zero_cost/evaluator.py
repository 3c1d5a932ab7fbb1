"""The evaluator: which proxies, on which minibatch."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

import archdsl
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archdsl import Architecture, Space
    from archdsl_search.evaluators.zero_cost.minibatch import Minibatch

Proxy = Literal[
    "synflow", "naswot", "grad_norm", "snip", "grasp", "fisher", "jacov", "zen", "params", "flops", "mult_adds"
]
# Counted on the graph; the others are computed by the module of their name.
COUNTED = ("params", "flops", "mult_adds")


class ZeroCostSettings(EvaluatorSettings):
    """Which proxies, on which minibatch."""

    proxies: tuple[Proxy, ...] = Field(
        ("synflow", "naswot"), min_length=1, description="Scores to compute; the first one is the default objective."
    )
    data: str = Field(
        "random", description="`random` (normal images, uniform labels), digits, cifar10:DIR or folder:DIR."
    )
    batch_size: int = Field(32, ge=2, description="Images in the minibatch; the same ones for every candidate.")
    repeats: int = Field(1, ge=1, description="Initialisations over which each score is the mean.")
    data_seed: int = Field(0, ge=0, description="Chooses the minibatch.")
    device: str = Field("auto", description="cpu, cuda, cuda:1, ...; auto takes a GPU if there is one.")

    @field_validator("proxies")
    @classmethod
    def _once(cls, proxies: tuple[Proxy, ...]) -> tuple[Proxy, ...]:
        if len(set(proxies)) < len(proxies):
            raise ValueError("a proxy is named twice")
        return proxies


class ZeroCostEvaluator(Evaluator[ZeroCostSettings]):
    """Scores untrained networks in about the time of a training step; see the modules of this package for each proxy.

    Initial weights follow from the job's seed. A score that overflows is given as it is, infinite: the driver makes
    the trial a failed one.
    """

    name = "zero_cost"
    settings_type = ZeroCostSettings
    metrics = ()

    def __init__(self, space: Space, settings: ZeroCostSettings):
        super().__init__(space, settings)
        self._batches: dict[tuple[tuple[int, ...], int], tuple[Tensor, Tensor]] = {}

    @classmethod
    def measured(cls, settings: ZeroCostSettings) -> tuple[str, ...]:
        return settings.proxies

    def evaluate(self, job: Job) -> Metrics:
        architecture = self.space.resolve(job.decisions)
        report = archdsl.cost(architecture)
        scores: dict[str, float] = {
            name: float(getattr(report, name)) for name in self.settings.proxies if name in COUNTED
        }
        computed: list[str] = [name for name in self.settings.proxies if name not in COUNTED]
        if computed:
            scores.update(self._computed(architecture, computed, job.seed))
        return {name: scores[name] for name in self.settings.proxies}

    def _computed(self, architecture: Architecture, names: list[str], seed: int) -> dict[str, float]:
        import torch

        sums = dict.fromkeys(names, 0.0)
        for repeat in range(self.settings.repeats):
            torch.manual_seed(seed + repeat)
            module = archdsl.compile(architecture).to(self._device())
            batch = self._minibatch(architecture, seed + repeat)
            for name in names:
                sums[name] += proxy_score(name, module, batch)
        return {name: total / self.settings.repeats for name, total in sums.items()}

    def _device(self) -> str:
        import torch

        if self.settings.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        return self.settings.device

    def _minibatch(self, architecture: Architecture, seed: int) -> Minibatch:
        """The minibatch for networks with this input and this many classes."""
        from archdsl_search.evaluators.zero_cost.images import images_and_labels
        from archdsl_search.evaluators.zero_cost.minibatch import Minibatch

        graph = architecture.graph()
        shape = next(iter(graph.inputs.values())).type.shape
        classes = next(iter(graph.outputs.values())).type.shape[0]
        key = (shape, classes)
        if key not in self._batches:
            s = self.settings
            self._batches[key] = images_and_labels(s.data, shape, classes, s.batch_size, s.data_seed)
        images, labels = self._batches[key]
        return Minibatch(images.to(self._device()), labels.to(self._device()), seed)


def proxy_score(name: str, module: nn.Module, batch: Minibatch) -> float:
    """The score of this name, for an untrained module; its weights are afterwards what they were."""
    found: float = proxy_module(name).score(module, batch)
    return found


def proxy_module(name: str) -> ModuleType:
    """The module of a computed proxy; its `score` is the proxy."""
    return import_module(f"archdsl_search.evaluators.zero_cost.{name}")
