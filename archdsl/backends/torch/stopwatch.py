"""Forward passes timed side by side: warm, interleaved, medians with their spread."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, thread_time
from typing import Literal, NamedTuple

import torch
from torch import nn

from archdsl.backends.torch.loading import build_module
from archdsl.backends.torch.piecewise import random_input
from archdsl.ir.graph import Graph

Clock = Literal["wall", "cpu"]
# A sample lasts at least so long: shorter ones measure the clock. Passes are repeated within it.
SAMPLE_SECONDS = 0.002
WARM_SECONDS = 0.02
WARM_PASSES = 3
MOST_THREADS = 64


class Timing(NamedTuple):
    """Seconds of one forward pass: the median over the rounds, the quartiles around it, and the fastest round."""

    median: float
    lower: float
    upper: float
    least: float


class DeviceFacts(NamedTuple):
    """What was measured on."""

    kind: str
    name: str
    threads: int
    torch: str


def device_facts(device: str) -> DeviceFacts:
    """Facts about `cpu`, `cuda` or `cuda:1`.

    Raises:
        ValueError: if torch knows no such device here.
    """
    place = checked_device(device)
    if place.type == "cuda":
        return DeviceFacts("cuda", torch.cuda.get_device_name(place), 0, torch.__version__)
    return DeviceFacts("cpu", _processor(), torch.get_num_threads(), torch.__version__)


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """So many threads while the block runs; None leaves their number alone.

    Raises:
        ValueError: for more than torch's runtimes start without fail.
    """
    before, most = torch.get_num_threads(), max(MOST_THREADS, 4 * (cpu_count() or 1))
    if count is not None and count > most:
        raise ValueError(f"{count:,} threads are more than can be measured here; the most are {most}")
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def clock_of(clock: Clock, place: torch.device) -> Callable[[], float]:
    """What reads the clock: `wall`, or `cpu` for the processor time of one thread, which others add little to.

    Raises:
        ValueError: for another clock, or `cpu` with another device or more threads.
    """
    if clock == "wall":
        return perf_counter
    if clock != "cpu":
        raise ValueError(f"the clock is wall or cpu, not `{clock}`")
    if place.type != "cpu" or torch.get_num_threads() != 1:
        raise ValueError("the clock `cpu` is for one thread on the device cpu")
    return thread_time


def _processor() -> str:
    """The processor's name as the system has it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named and named[0] else platform.processor() or platform.machine()


def time_graphs(
    graphs: Sequence[Graph],
    device: str,
    batch_size: int,
    rounds: int,
    on_pass: Callable[[], None] = lambda: None,
    clock: Clock = "wall",
) -> list[Timing]:
    """Time the forward passes of several networks, float32, random weights and inputs.

    Each is warmed up; then every round takes one sample of each, so that a slow moment of the machine meets all.

    Args:
        graphs: networks in inference form.
        device: `cpu`, `cuda`, `cuda:1`.
        batch_size: samples in a batch.
        rounds: samples of each network, at least 2.
        clock: as of `clock_of`.
        on_pass: called after each warm-up and each sample, for progress.

    Raises:
        ValueError: for an unknown device or too few rounds.
    """
    if rounds < 2:
        raise ValueError(f"at least 2 rounds are needed, got {rounds}")
    place = checked_device(device)
    read = clock_of(clock, place)
    with torch.inference_mode():
        runs = [_Run(graph, place, batch_size, read) for graph in graphs]
        for run in runs:
            run.warm_up()
            on_pass()
        samples: list[list[float]] = [[] for _ in runs]
        for _ in range(rounds):
            for run, taken in zip(runs, samples, strict=True):
                taken.append(run.sample())
                on_pass()
    return [timing(taken) for taken in samples]


class _Run:
    """A network on a device, ready to run."""

    def __init__(self, graph: Graph, place: torch.device, batch_size: int, clock: Callable[[], float]):
        self.clock = clock
        self.module: nn.Module = build_module(graph).eval().to(place)
        self.inputs = [random_input(v.type, batch_size, place) for v in graph.inputs.values()]
        self.place = place
        self.passes = 1

    def warm_up(self) -> None:
        """Run until caches and kernels are settled, and find how many passes a sample takes."""
        started, done = self.clock(), 0
        while done < WARM_PASSES or self.clock() - started < WARM_SECONDS:
            self._passes(1)
            done += 1
        once = min(self._passes(1) for _ in range(3))
        self.passes = max(1, round(SAMPLE_SECONDS / once + 0.5))

    def sample(self) -> float:
        """Seconds of one pass."""
        return self._passes(self.passes) / self.passes

    def _passes(self, count: int) -> float:
        self._wait()
        started = self.clock()
        for _ in range(count):
            self.module(*self.inputs)
        self._wait()
        return self.clock() - started

    def _wait(self) -> None:
        if self.place.type == "cuda":
            torch.cuda.synchronize(self.place)


def timing(samples: Sequence[float]) -> Timing:
    """Median and quartiles of at least two samples."""
    lower, _, upper = quantiles(samples, n=4, method="inclusive")
    return Timing(median(samples), lower, upper, min(samples))


def checked_device(device: str) -> torch.device:
    """The device of this name.

    Raises:
        ValueError: if torch knows no such device here.
    """
    try:
        place = torch.device(device)
    except RuntimeError:
        raise ValueError(f"torch knows no device `{device}`") from None
    if place.type not in ("cpu", "cuda"):
        raise ValueError(f"devices are cpu and cuda, not `{device}`")
    if place.type == "cuda" and (not torch.cuda.is_available() or (place.index or 0) >= torch.cuda.device_count()):
        raise ValueError(f"there is no device `{device}` here")
    return place
