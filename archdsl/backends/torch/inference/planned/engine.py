"""The engine: a flat list of calls for one batch size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from archdsl.backends.runtimes.huge_pages import Growth
from archdsl.backends.runtimes.session import Array
from archdsl.backends.torch.inference.leaves import Leaves
from archdsl.backends.torch.inference.planned.choices import sample_by_sample
from archdsl.backends.torch.inference.planned.layout import Layout
from archdsl.backends.torch.inference.planned.memory import Memory
from archdsl.backends.torch.inference.planned.steps import calls, scratch_of
from archdsl.backends.torch.inference.recipe import Setting
from archdsl.ir.graph import Graph

# Memories that are kept for threads that call at the same time; more are made when needed and given up again.
MOST_KEPT = 4


class PlannedEngine:
    """Calls bound to a memory; callers at the same time have memories of their own and share the weights."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], setting: Setting):
        self._graph = graph
        self._samples = setting.batch_size
        self._singly = sample_by_sample(graph, self._samples)
        self._layout = Layout(graph, self._singly)
        samples = [1] * self._singly + [self._samples] * (len(graph.nodes) - self._singly)
        self._scratch = max([scratch_of(*each) for each in zip(graph.nodes, samples, strict=True)], default=0)
        self._growth = Growth()
        self._leaves = Leaves(weights, setting)
        self._kept = [self._new()]

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Engine`."""
        try:
            run = self._kept.pop()
        except IndexError:
            run = self._new()
        with torch.no_grad():
            made = run(inputs)
        self._growth.settle_aside()
        if len(self._kept) < MOST_KEPT:
            self._kept.append(run)
        return made

    def seconds(self, inputs: Sequence[Tensor], clock: Callable[[], float]) -> list[float]:
        """Run once; what each node of the graph takes, in order: nothing for a view."""
        with torch.no_grad():
            return self._kept[-1].seconds(inputs, clock, len(self._graph.nodes))

    def _new(self) -> _Run:
        with torch.inference_mode(False), torch.no_grad():  # tensors that later calls may write whatever their mode
            memory = Memory(self._layout, self._samples, self._scratch)
            return _Run(self._graph, self._layout, memory, self._leaves, self._singly)


class _Run:
    """The calls over one memory; one caller at a time."""

    def __init__(self, graph: Graph, layout: Layout, memory: Memory, leaves: Leaves, singly: int):
        self._inputs = [memory.value(value) for value in graph.inputs.values()]
        inner = layout.only_before(singly)
        parts = [(memory.sample(i, inner), graph.nodes[:singly], 0) for i in range(memory.samples if singly else 0)]
        parts.append((memory, graph.nodes[singly:], singly))
        self._calls: list[Callable[[], object]] = []
        self._steps: list[int] = []
        for part, nodes, first in parts:
            for step, node in enumerate(nodes, first):
                made = calls(node, layout, part, leaves)
                self._calls += made
                self._steps += [step] * len(made)
        self._outputs = [memory.value(value) for value in graph.outputs.values()]

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        for place, x in zip(self._inputs, inputs, strict=True):
            place.copy_(x)
        for call in self._calls:
            call()
        return [y.clone(memory_format=torch.contiguous_format) for y in self._outputs]

    def seconds(self, inputs: Sequence[Tensor], clock: Callable[[], float], steps: int) -> list[float]:
        """Run once; what each of so many nodes takes."""
        for place, x in zip(self._inputs, inputs, strict=True):
            place.copy_(x)
        taken = [0.0] * steps
        for step, call in zip(self._steps, self._calls, strict=True):
            started = clock()
            call()
            taken[step] += clock() - started
        return taken
