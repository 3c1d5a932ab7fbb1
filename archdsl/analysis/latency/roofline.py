"""The bounds that a device's peaks put on a network's time (the roofline model).

No rate is assumed: without a profile nothing is said about time.
Source: S. Williams, A. Waterman, D. Patterson, Roofline: an insightful visual performance model (CACM 52(4), 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.analysis.latency.device import DeviceProfile

if TYPE_CHECKING:
    from archdsl.analysis.report import LayerCost


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
