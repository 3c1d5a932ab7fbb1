"""Optimized networks timed step by step, on the engine that runs them, each step where it stands."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch

from archdsl.backends.torch.inference.fused import can_fuse, readings
from archdsl.backends.torch.inference.generic import channels_last
from archdsl.backends.torch.inference.network import InferenceNetwork
from archdsl.backends.torch.inference.planned.engine import PlannedEngine
from archdsl.backends.torch.inference.recipe import Recipe
from archdsl.backends.torch.piecewise import random_input


class Stepwise:
    """The steps of an optimized network as torch's kernels run them.

    Attributes:
        graph: the optimized graph, whose steps are timed.

    Raises:
        ValueError: for a device or type without fused kernels, where steps can't be told apart.
    """

    def __init__(self, network: InferenceNetwork, batch_size: int, clock: Callable[[], float]):
        recipe, setting = Recipe("torch"), network.setting(batch_size)
        if not can_fuse(setting):
            name = str(setting.dtype).removeprefix("torch.")
            message = "steps of the optimized form can be timed only where oneDNN fuses them"
            raise ValueError(f"{message}: not in {name} on {setting.device}")
        prepared = network.preparation()
        self.graph = prepared.optimized(recipe).graph
        self._inputs = [
            channels_last(random_input(value.type, batch_size, setting.device, setting.dtype))
            for value in self.graph.inputs.values()
        ]
        self._clock = clock
        engine = prepared.engine(recipe, setting)
        self._engine = engine if isinstance(engine, PlannedEngine) else None
        self._read = None if self._engine else readings(self.graph, prepared.weights(recipe), setting, clock)

    def seconds(self) -> list[float]:
        """Run all steps once; the time of each, 0 for one that does nothing."""
        if self._engine is not None:
            return self._engine.seconds(self._inputs, self._clock)
        assert self._read is not None
        with torch.no_grad():
            return [after - before for before, after in pairwise(self._read(*self._inputs))]
