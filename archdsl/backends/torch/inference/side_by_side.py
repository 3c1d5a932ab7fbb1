"""Several graphs timed on one runtime: what passes gain there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import torch

from archdsl.backends.torch.inference.engines import Preparation
from archdsl.backends.torch.inference.measuring import Turn, example_inputs
from archdsl.backends.torch.inference.recipe import Recipe, RuntimeName, Setting, check_runtime, chosen
from archdsl.backends.torch.loading import build_module
from archdsl.ir.graph import Graph


def time_on_runtime(
    graphs: Sequence[Graph], runtime: str, batch_size: int, rounds: int, advance: Callable[[], None]
) -> tuple[RuntimeName, list[float]]:
    """The runtime, and median seconds of a forward pass of each graph as it is, in rounds that take all in turn.

    On the CPU, float32, fresh weights.

    Args:
        graphs: the network as it was written first.
        runtime: a runtime, or `auto` for the one that the rule takes for the first graph.
        batch_size: samples of a pass.
        rounds: samples of each graph.
        advance: called after each sample, and once for each graph that is ready.

    Raises:
        ValueError: for a runtime that doesn't exist.
        MissingRuntimeError: for one that isn't installed.
        UnfitError: if it doesn't take one of the graphs.
    """
    setting = Setting(torch.device("cpu"), torch.float32, batch_size, torch.get_num_threads())
    check_runtime(runtime, setting.device, setting.dtype)
    name = chosen(setting, runtime, graphs[0]).runtime
    turns = []
    with torch.no_grad():
        for graph in graphs:
            engine = Preparation(graph, build_module(graph).state_dict()).engine(Recipe(name, pipeline="none"), setting)
            turns.append(Turn(engine, example_inputs(graph, setting)))
            advance()
        taken: list[list[float]] = [[] for _ in turns]
        for _ in range(rounds):
            for samples, turn in zip(taken, turns, strict=True):
                samples.append(turn.sample())
                advance()
    return name, [median(samples) for samples in taken]
