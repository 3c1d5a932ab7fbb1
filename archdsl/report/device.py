"""A device as two measured rates, and the bounds they put on a network's time (the roofline model).

No rate is assumed: without a profile nothing is said about time.
Source: S. Williams, A. Waterman, D. Patterson, Roofline: an insightful visual performance model (CACM 52(4), 2009).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from archdsl.analysis.report import LayerCost


class DeviceProfile(NamedTuple):
    """What a device can do at most.

    Attributes:
        name: for people.
        peak_flops: floating-point operations a second, a multiply-add being two.
        bandwidth: bytes a second between memory and the arithmetic units.
    """

    name: str
    peak_flops: float
    bandwidth: float

    @property
    def ridge(self) -> float:
        """Operations per byte from which on arithmetic, and not memory, is the limit."""
        return self.peak_flops / self.bandwidth

    def attainable(self, intensity: float) -> float:
        """Operations a second that are possible at this arithmetic intensity."""
        return min(self.peak_flops, intensity * self.bandwidth)


class ProfileError(ValueError):
    """A file that is no device profile; the message says what is wrong."""


def read_profile(path: Path) -> DeviceProfile:
    """Read a profile: a JSON object with `peak_flops`, `bandwidth` and perhaps `name`; other keys are left alone.

    Raises:
        ProfileError: if it is something else.
        OSError: if it can't be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProfileError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ProfileError(f'{path}: a JSON object is needed, {{"name": "...", "peak_flops": ..., "bandwidth": ...}}')
    name = found.get("name", path.stem)
    if not isinstance(name, str) or not name:
        raise ProfileError(f"{path}: `name` must be text")
    return DeviceProfile(name, _rate(found, "peak_flops", path), _rate(found, "bandwidth", path))


def _rate(found: dict[str, Any], key: str, path: Path) -> float:
    units = {"peak_flops": "floating-point operations a second", "bandwidth": "bytes a second"}
    value = found.get(key)
    try:
        rate = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
    except OverflowError:
        rate = 0.0
    if not (isfinite(rate) and rate > 0):
        raise ProfileError(f"{path}: `{key}` must be a number greater than 0, in {units[key]}")
    return rate


@dataclass(frozen=True)
class Bound:
    """How long the layers take at least, one after the other, each limited by arithmetic or by memory.

    Attributes:
        layers: seconds for each layer, in graph order.
        compute, memory: seconds in layers that the one or the other limits.
    """

    layers: tuple[float, ...]
    compute: float
    memory: float

    @property
    def seconds(self) -> float:
        """All layers together."""
        return self.compute + self.memory

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "seconds": self.seconds,
            "compute_bound_seconds": self.compute,
            "memory_bound_seconds": self.memory,
            "layers": list(self.layers),
        }


def bound_of(layers: Sequence[LayerCost], device: DeviceProfile) -> Bound:
    """The bounds of the layers; those that neither compute nor move anything take no time."""
    each, compute, memory = [], 0.0, 0.0
    for layer in layers:
        arithmetic = layer.flops / device.peak_flops
        traffic = layer.memory_access_bytes / device.bandwidth
        each.append(max(arithmetic, traffic))
        if arithmetic >= traffic:
            compute += arithmetic
        else:
            memory += traffic
    return Bound(tuple(each), compute, memory)
