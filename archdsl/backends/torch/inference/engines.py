"""Engines: an optimized graph with its weights, ready to run on tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from archdsl.backends.runtimes.session import Array
from archdsl.backends.torch.inference.recipe import PIPELINES, Recipe, Setting
from archdsl.ir.graph import Graph
from archdsl.passes.optimization import Optimized, optimize


class Engine(Protocol):
    """Something that computes the outputs, in the order of the graph, from the inputs, [N, ...] each.

    The tensors have passed the network's checks: device, type and shape are right, and N is not 0.
    """

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """The outputs."""


class Preparation:
    """The graph after its passes and its weights: computed once for each pipeline, for every engine made of it."""

    def __init__(self, graph: Graph, state: Mapping[str, Tensor]):
        self.graph = graph
        self._state = {key: as_array(tensor) for key, tensor in state.items()}
        self._optimized: dict[str, Optimized] = {}
        self._weights: dict[str, dict[str, Array]] = {}

    def optimized(self, recipe: Recipe) -> Optimized:
        """The graph that a recipe's passes make."""
        name = recipe.pipeline
        if name not in self._optimized:
            self._optimized[name] = optimize(self.graph, PIPELINES[name])
        return self._optimized[name]

    def weights(self, recipe: Recipe) -> dict[str, Array]:
        """The weights of that graph, in the precision of the given ones."""
        name = recipe.pipeline
        if name not in self._weights:
            self._weights[name] = self.optimized(recipe).weights.forward(self._state)
        return self._weights[name]

    def engine(self, recipe: Recipe, setting: Setting) -> Engine:
        """An engine after a recipe."""
        graph, weights = self.optimized(recipe).graph, self.weights(recipe)
        if recipe.runtime != "torch":
            from archdsl.backends.torch.inference.foreign import ForeignEngine

            return ForeignEngine(graph, weights, recipe.runtime, recipe.slice_size, setting)
        from archdsl.backends.torch.inference.fused import FusedEngine, can_fuse
        from archdsl.backends.torch.inference.generic import GenericEngine
        from archdsl.backends.torch.inference.planned.choices import picks, seconds_saved
        from archdsl.backends.torch.inference.planned.engine import PlannedEngine

        if recipe.compiled or not can_fuse(setting):
            return GenericEngine(graph, weights, setting, recipe.compiled)
        careful = setting.dtype is not torch.float32 or picks(graph)
        planned = not careful and seconds_saved(graph, setting.batch_size) > 0
        return (PlannedEngine if planned else FusedEngine)(graph, weights, setting)


def as_array(tensor: Tensor) -> Array:
    """The tensor as an array; types that numpy lacks become float32."""
    plain = tensor.detach().cpu()
    known = (torch.float32, torch.float64, torch.int64)
    array: Array = (plain if plain.dtype in known else plain.float()).numpy()
    return array
