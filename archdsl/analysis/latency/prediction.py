"""The predicted time of a network: in all, for each step, with intervals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.latency.forms import Mode, form_of
from archdsl.analysis.latency.steps import steps_of
from archdsl.ir.graph import Graph

# Raised when a field of the JSON form changes its meaning or goes; new fields leave it.
SCHEMA_VERSION = 1
# Beyond any device, and floating point still adds seconds exactly enough.
MOST_SECONDS = 1e9


class StepTime(NamedTuple):
    """Seconds of one step, and between which 80 % of such steps lie."""

    path: str
    op: str
    seconds: float
    low: float
    high: float


@dataclass(frozen=True)
class LatencyReport:
    """What a device profile predicts.

    Attributes:
        name: the network's name.
        device: the profile's name.
        seconds: one forward pass over the batch.
        low, high: 80 % of networks that the fit did not see lie between them.
        layers: the steps in graph order.
        beyond: what the profile was not measured for, in a few words each: operators, sizes of batches.
        runtime: what was measured: `eager` is the plain module of `archdsl.compile` in evaluation, not optimized; empty
            if the profile does not say.
        mode: `plain` for the network as it is written; `inference` for what the optimizing passes make of it: then
            `layers` are the steps of that.
        dtype: type of the numbers.
    """

    name: str
    device: str
    batch_size: int
    seconds: float
    low: float
    high: float
    layers: tuple[StepTime, ...]
    beyond: tuple[str, ...] = ()
    runtime: str = ""
    mode: Mode = "plain"
    dtype: str = "float32"

    def to_dict(self) -> dict[str, Any]:
        """As plain data, keys always in the same order."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "device": self.device,
            "runtime": self.runtime,
            "mode": self.mode,
            "dtype": self.dtype,
            "batch_size": self.batch_size,
            "seconds": self.seconds,
            "low": self.low,
            "high": self.high,
            "beyond": list(self.beyond),
            "layers": [layer._asdict() for layer in self.layers],
        }

    def to_json(self, indent: int | None = None) -> str:
        """As JSON; `schema_version` tells readers what to expect."""
        return json.dumps(self.to_dict(), indent=indent)


def predicted(graph: Graph, profile: DeviceProfile, batch_size: int = 1) -> LatencyReport:
    """Predict the time of one forward pass of the inference form, optimized if the profile is for that.

    Raises:
        ValueError: without a predictor in the profile, for a batch below 1, or a time beyond all reason.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if profile.predictor is None:
        hint = "`archdsl profile --fit -o FILE` makes one that predicts"
        raise ValueError(f"the profile of {profile.name} has peaks only, and predicts no time; {hint}")
    predictor = profile.predictor
    form = form_of(graph, profile.mode)
    steps = steps_of(form)
    try:
        seconds = predictor.seconds(steps, batch_size)
        total = sum(seconds)
    except OverflowError:
        total = MOST_SECONDS
    if not total < MOST_SECONDS:
        raise ValueError(f"{graph.name} with {batch_size:,} samples takes longer than can be predicted")
    layers = []
    for node, step, own in zip(form.nodes, steps, seconds, strict=True):
        low, high = predictor.step_interval(step)
        layers.append(StepTime(node.path, node.op.name, own, own * low, own * high))
    return LatencyReport(
        graph.name,
        profile.name,
        batch_size,
        total,
        total * predictor.low,
        total * predictor.high,
        tuple(layers),
        tuple(predictor.beyond(steps, batch_size)),
        str(profile.measured.get("runtime", "")),
        profile.mode,
        profile.dtype,
    )
