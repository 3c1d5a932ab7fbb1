"""Networks timed as a whole and step by step, in turns: warm, medians, with their spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from archdsl.backends.torch.piecewise import Piecewise, random_input
from archdsl.backends.torch.stopwatch import Clock, Timing, checked_device, clock_of, timing
from archdsl.ir.graph import Graph

WARM_PASSES = 3


class Rounds(NamedTuple):
    """How many rounds are taken: as many as fit into so many seconds, within limits."""

    least: int
    most: int
    seconds: float


THOROUGH = Rounds(10, 40, 2.0)
# For one of several passes over many networks.
BRIEF = Rounds(5, 40, 1.0)


@dataclass(frozen=True)
class Profiled:
    """Seconds of one forward pass, and of each step within passes that are timed step by step, in graph order."""

    whole: Timing
    steps: tuple[Timing, ...]
    rounds: int


def profile_network(
    graph: Graph,
    module: nn.Module,
    device: str,
    batch_size: int,
    rounds: int | Rounds | None = None,
    clock: Clock = "wall",
    on_start: Callable[[int], None] = lambda total: None,
    on_pass: Callable[[], None] = lambda: None,
    steps_of: Callable[[], list[float]] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Profiled:
    """Time a network and its steps.

    Args:
        graph: the inference form.
        module: what is timed as a whole: anything that can be called with the network's inputs.
        device: `cpu`, `cuda`, `cuda:1`.
        rounds: passes of either kind; by default `THOROUGH`.
        clock: `wall`, or `cpu` for the processor time of one thread, which other programs don't add to.
        on_start, on_pass: for progress.
        steps_of: runs the network once and gives the seconds of each of its steps; by default those of `graph`, each as
            a module of its own.
        dtype: floating-point type of the inputs of `module`.

    Raises:
        ValueError: for an unknown device or clock, fewer than 2 rounds, or `cpu` with another device or more threads.
    """
    if isinstance(rounds, int):
        rounds = Rounds(rounds, rounds, 0.0)
    wanted = rounds or THOROUGH
    if wanted.least < 2:
        raise ValueError(f"at least 2 rounds are needed, got {wanted.least}")
    place = checked_device(device)
    read = clock_of(clock, place)
    with torch.inference_mode():
        inputs = [random_input(value.type, batch_size, place, dtype) for value in graph.inputs.values()]
        each = steps_of or Piecewise(graph, place, batch_size, read).seconds

        def whole() -> float:
            return _pass(module, inputs, place, read)

        on_start(WARM_PASSES + wanted.least)
        once = 0.0
        for _ in range(WARM_PASSES):
            once = whole() + sum(each())
            on_pass()
        taken = max(wanted.least, min(wanted.most, int(wanted.seconds / once)))
        on_start(WARM_PASSES + taken)
        wholes, taken_by_steps = [], []
        for _ in range(taken):
            wholes.append(whole())
            taken_by_steps.append(each())
            on_pass()
    return Profiled(timing(wholes), tuple(timing(column) for column in zip(*taken_by_steps, strict=True)), taken)


def _pass(module: nn.Module, inputs: list[torch.Tensor], place: torch.device, clock: Callable[[], float]) -> float:
    if place.type == "cuda":
        torch.cuda.synchronize(place)
    started = clock()
    module(*inputs)
    if place.type == "cuda":
        torch.cuda.synchronize(place)
    return clock() - started
