"""A device that was made up: its times follow a formula, so that what a fit should find is known."""

from __future__ import annotations

from functools import cache
from math import sin

import archdsl
from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.latency.features import group_of, work_of
from archdsl.analysis.latency.fitting import Fitted, fit_predictor
from archdsl.analysis.latency.observations import Observation
from archdsl.analysis.latency.steps import Step, steps_of

NETWORKS = (
    "resnet18",
    "mobilenet_v1",
    "mobilenet_v3_small",
    "squeezenet1_0",
    "shufflenet_v2_x0_5",
    "mnasnet_b1_0_5",
    "resnet20_cifar_a",
    "densenet40_12_cifar",
    "nin_imagenet",
    "alexnet",
    "mobilenet_v2_1_4",
)
UNSEEN = ("resnet34", "mobilenet_v2", "squeezenet1_1", "resnet50_v1", "shufflenet_v2_x1_0", "mnasnet_b1_1_0")
_SPEEDS = {"convolution": 1e11, "grouped": 1e10, "matrix": 3e10, "other": 2e10}


def seconds(step: Step, batch_size: int = 1) -> float:
    """What a step takes: depends on its kind, its work, and unevenly on its channels."""
    work = work_of(step.op, step.operands, batch_size)
    uneven = 1 + 0.1 * sin(step.operands[0].shape[0]) if step.operands else 1.0
    return 3e-6 + uneven * (work.operations / _SPEEDS[group_of(step.op)] + (work.moved + work.weights) / 2e9)


def observed(name: str, batch_size: int = 1) -> Observation:
    """A network as if it had been measured: each step alone takes 2 µs longer than within it."""
    steps = tuple(steps_of(archdsl.load(name).graph()))
    times = tuple(seconds(step, batch_size) for step in steps)
    return Observation(name, batch_size, steps, times, sum(times) - 2e-6 * len(steps))


@cache
def fitted() -> Fitted:
    """A predictor for the device."""
    return fit_predictor([observed(name) for name in NETWORKS], trees=60)


def profile() -> DeviceProfile:
    """A profile of the device."""
    return DeviceProfile("made up", 2e11, 1e10, fitted().predictor, {"runtime": "none"})


def optimized() -> DeviceProfile:
    """A profile of the device for the optimized form; its predictor is that of plain steps."""
    measured = {"mode": "inference", "runtime": "torch", "dtype": "bfloat16"}
    return DeviceProfile("made up", 2e11, 1e10, fitted().predictor, measured)
