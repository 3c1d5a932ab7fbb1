"""Time: measured, fitted, predicted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    import torch
    from torch import nn

    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.analysis.latency.forms import Mode
    from archdsl.analysis.latency.observations import Observation
    from archdsl.analysis.latency.prediction import LatencyReport
    from archdsl.backends.torch.profiling import Rounds
    from archdsl.backends.torch.stopwatch import Clock, DeviceFacts, Timing
    from archdsl.ir.graph import Graph

    Build = Callable[[Architecture], nn.Module]

# Raised when a field of the JSON form changes its meaning or goes; new fields leave it.
SCHEMA_VERSION = 1
# A view takes no time; fits work with logarithms.
LEAST_SECONDS = 1e-8


@dataclass(frozen=True)
class MeasuredStep:
    """A step and the time it took; `seconds` has the median, the quartiles and the fastest round."""

    path: str
    op: str
    seconds: Timing


@dataclass(frozen=True)
class ProfileReport:
    """Measured times of a network.

    Attributes:
        name: the network's name.
        device: what was measured on.
        runtime: what was timed as a whole.
        clock: `wall`, or `cpu` for processor time.
        whole: seconds of one forward pass.
        layers: seconds of each step, in graph order, measured within passes that are timed step by step; with the mode
            `inference` the steps of the optimized graph.
        mode, dtype: which form was timed, in which numbers.
        rounds: passes of either kind.
    """

    name: str
    device: DeviceFacts
    runtime: str
    clock: str
    batch_size: int
    rounds: int
    whole: Timing
    layers: tuple[MeasuredStep, ...]
    mode: Mode = "plain"
    dtype: str = "float32"

    @property
    def steps_seconds(self) -> float:
        """The sum of the steps' medians. It is not the whole: each step alone has an overhead of its own."""
        return sum(layer.seconds.median for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, keys always in the same order."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "device": self.device._asdict(),
            "runtime": self.runtime,
            "mode": self.mode,
            "dtype": self.dtype,
            "clock": self.clock,
            "batch_size": self.batch_size,
            "rounds": self.rounds,
            "seconds": self.whole._asdict(),
            "steps_seconds": self.steps_seconds,
            "layers": [{"path": m.path, "op": m.op, "seconds": m.seconds._asdict()} for m in self.layers],
        }

    def to_json(self, indent: int | None = None) -> str:
        """As JSON; `schema_version` tells readers what to expect."""
        return json.dumps(self.to_dict(), indent=indent)


def measure_latency(
    architecture: Architecture,
    device: str = "cpu",
    batch_size: int = 1,
    rounds: int | Rounds | None = None,
    *,
    threads: int | None = None,
    clock: Clock = "wall",
    build: Build | None = None,
    mode: Mode = "plain",
    dtype: str = "float32",
    runtime: str = "",
    on_start: Callable[[int], None] = lambda total: None,
    on_pass: Callable[[], None] = lambda: None,
) -> ProfileReport:
    """Time a network on this machine, as a whole and step by step: warm, in turns, medians and quartiles.

    Args:
        architecture: what `archdsl.load` gives.
        device: `cpu`, `cuda`, `cuda:1`.
        batch_size: samples in the batch.
        rounds: passes of either kind, at least 2; by default as many as fit into two seconds, from 10 to 40.
        threads: of the CPU; by default as many as torch uses.
        clock: `wall`, or `cpu`: the processor time of one thread, to which other programs add little. For machines that
            aren't idle; it needs `threads=1`.
        build: makes what is timed as a whole; by default the module of `archdsl.compile` in eval mode, on the device.
        mode: `plain` for layers as they are written; `inference` for the optimized form on the kernels of torch, steps
            timed where they stand, and `archdsl.compile(mode="inference", runtime="torch")` as a whole.
        dtype: with `inference`: the type of weights and values, `float32` or `bfloat16`.
        runtime: how results call what was timed; by default `eager` or `torch`.
        on_start, on_pass: called with the number of passes to come, and after each of them.

    Raises:
        ValueError: for an unknown device or clock, a batch below 1, fewer than 2 rounds or 1 thread; for the optimized
            form where its steps can't be told apart.
    """
    from archdsl.backends.torch import stopwatch
    from archdsl.backends.torch.profiling import profile_network

    if batch_size < 1 or (threads is not None and threads < 1):
        raise ValueError(f"batch_size and threads must be at least 1, got {batch_size} and {threads}")
    if mode == "plain" and dtype != "float32":
        raise ValueError(f"layers as they are written are timed in float32, not in {dtype}")
    if build is not None and mode != "plain":
        raise ValueError("`build` goes with the mode `plain`: the optimized form is built here")
    with stopwatch.threads(threads):
        facts = stopwatch.device_facts(device)
        if mode == "inference":
            timed = _optimized(architecture, device, batch_size, clock, dtype)
        else:
            timed = _plain(architecture, device, build)
        graph, how = architecture.graph(), (device, batch_size, rounds, clock, on_start, on_pass)
        found = profile_network(graph, timed.module, *how, timed.steps, timed.dtype)
    steps = zip(timed.graph.nodes, found.steps, strict=True)
    layers = [MeasuredStep(node.path, node.op.name, seconds) for node, seconds in steps]
    name = runtime or ("torch" if mode == "inference" else "eager")
    return ProfileReport(
        architecture.name, facts, name, clock, batch_size, found.rounds, found.whole, tuple(layers), mode, dtype
    )


class _Timed(NamedTuple):
    """What is timed: a module as a whole, and the steps of a graph; by default each step as a module of its own."""

    graph: Graph
    module: nn.Module
    dtype: torch.dtype
    steps: Callable[[], list[float]] | None = None


def _plain(architecture: Architecture, device: str, build: Build | None) -> _Timed:
    """The network and its layers as they are written."""
    from archdsl.backends.torch.placement import dtype_of
    from archdsl.pipeline.building import compile_architecture

    module = build(architecture) if build is not None else compile_architecture(architecture).eval().to(device)
    return _Timed(architecture.graph(), module, dtype_of("float32"))


def _optimized(architecture: Architecture, device: str, batch_size: int, clock: Clock, dtype: str) -> _Timed:
    """The optimized network on torch's kernels, and its steps."""
    from archdsl.backends.torch import stopwatch
    from archdsl.backends.torch.inference import InferenceNetwork
    from archdsl.backends.torch.inference.stepwise import Stepwise
    from archdsl.backends.torch.placement import dtype_of
    from archdsl.pipeline.building import compile_architecture

    kind, place = dtype_of(dtype), stopwatch.checked_device(device)
    module = compile_architecture(
        architecture, "inference", device=place, dtype=kind, runtime="torch", batch_size=batch_size
    )
    assert isinstance(module, InferenceNetwork)
    steps = Stepwise(module, batch_size, stopwatch.clock_of(clock, place))
    return _Timed(steps.graph, module, kind, steps.seconds)


def observe(architecture: Architecture, profile: ProfileReport) -> Observation:
    """A measured network as a fit reads it: the fastest of its rounds, since all else on a machine only adds time."""
    from archdsl.analysis.latency.forms import form_of
    from archdsl.analysis.latency.observations import Observation
    from archdsl.analysis.latency.steps import steps_of

    graph = form_of(architecture.graph(), profile.mode)
    steps = tuple(steps_of(graph))
    seconds = tuple(max(layer.seconds.least, LEAST_SECONDS) for layer in profile.layers)
    return Observation(profile.name, profile.batch_size, steps, seconds, profile.whole.least)


def predict_latency(
    architecture: Architecture, profile: DeviceProfile | str | PathLike[str], batch_size: int = 1
) -> LatencyReport:
    """The time of one forward pass of the inference form, predicted from a device profile alone; without torch.

    Args:
        architecture: what `archdsl.load` gives.
        profile: a device profile, or its file (`archdsl profile --fit`).
        batch_size: samples in the batch.

    Raises:
        ProfileError: a ValueError, for a file that is no device profile.
        ValueError: for a profile that predicts no time, or a batch below 1.
        OSError: if the file can't be read.
    """
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.analysis.latency.prediction import predicted
    from archdsl.analysis.latency.profile_file import read_profile

    known = profile if isinstance(profile, DeviceProfile) else read_profile(profile)
    return predicted(architecture.graph(), known, batch_size)
