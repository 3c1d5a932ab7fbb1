"""Recipes tried side by side on this device."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import median
from time import perf_counter

import torch
from torch import Tensor

from archdsl.backends.runtimes.session import UnfitError
from archdsl.backends.torch.inference.engines import Engine, Preparation
from archdsl.backends.torch.inference.recipe import Recipe, Setting
from archdsl.ir.graph import Graph

ROUNDS = 7
# One sample lasts at least so long: shorter ones measure the clock.
SAMPLE_SECONDS = 0.02


def measure(preparation: Preparation, recipes: Sequence[Recipe], setting: Setting) -> dict[Recipe, float]:
    """Median seconds of a pass for each recipe; engines are made one after the other and take turns.

    A recipe whose runtime does not take the network is left out.

    Raises:
        UnfitError: if no runtime takes it.
    """
    inputs = example_inputs(preparation.graph, setting)
    runs: dict[Recipe, Turn] = {}
    failed: Exception | None = None
    with torch.no_grad():
        for recipe in recipes:
            try:
                runs[recipe] = Turn(preparation.engine(recipe, setting), inputs)
            except UnfitError as error:  # no candidate, then
                failed = failed or error
        if not runs:
            raise UnfitError(f"no runtime takes this network: {failed}") from failed
        samples: dict[Recipe, list[float]] = {recipe: [] for recipe in runs}
        for _ in range(ROUNDS):
            for recipe, run in runs.items():
                samples[recipe].append(run.sample())
    return {recipe: median(taken) for recipe, taken in samples.items()}


def example_inputs(graph: Graph, setting: Setting) -> list[Tensor]:
    """Inputs of the right types and shapes: normal numbers, and zeros for integers."""
    found = []
    for value in graph.inputs.values():
        shape = (setting.batch_size, *value.type.shape)
        if value.type.dtype == "int64":
            found.append(torch.zeros(shape, dtype=torch.int64, device=setting.device))
        else:
            found.append(torch.randn(shape, device=setting.device).to(setting.dtype))
    return found


def device_name(setting: Setting) -> str:
    """What tells this device from others whose measurements don't count."""
    if setting.device.type == "cuda":
        return torch.cuda.get_device_name(setting.device)
    return f"{platform.node()} {platform.processor() or platform.machine()} {os.cpu_count()}"


class Turn:
    """An engine, warm, that runs when it is its turn."""

    def __init__(self, engine: Engine, inputs: Sequence[Tensor]):
        self._engine = engine
        self._inputs = inputs
        for _ in range(2):
            once = self._passes(1)
        self._count = max(1, round(SAMPLE_SECONDS / max(once, 1e-6)))

    def sample(self) -> float:
        """Seconds of one pass; the first pass of a turn isn't counted, since another runtime ran before."""
        self._passes(1)
        return self._passes(self._count) / self._count

    def _passes(self, count: int) -> float:
        self._wait()
        started = perf_counter()
        for _ in range(count):
            self._engine(self._inputs)
        self._wait()
        return perf_counter() - started

    def _wait(self) -> None:
        device = self._inputs[0].device
        if device.type == "cuda":
            torch.cuda.synchronize(device)
