"""What a sweep needs of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Needs:
    """What one trial takes, and how many run at once.

    Attributes:
        workers: trials at once.
        cpus, gpus: of one trial; fractions share a device.
        custom: further resources of the cluster, by name.
        bundles: for trials over several devices: further bundles of resources, placed together with the first.
    """

    workers: int
    cpus: float = 1.0
    gpus: float = 0.0
    custom: Mapping[str, float] = field(default_factory=dict)
    bundles: tuple[Mapping[str, float], ...] = ()

    @property
    def first(self) -> dict[str, float]:
        """The bundle in which the trial itself runs."""
        devices = {"CPU": self.cpus, "GPU": self.gpus}
        return {name: amount for name, amount in {**devices, **self.custom}.items() if amount}

    @property
    def total(self) -> dict[str, float]:
        """What one trial takes, all bundles together."""
        found: dict[str, float] = {}
        for bundle in (self.first, *self.bundles):
            for name, amount in bundle.items():
                found[name] = found.get(name, 0.0) + amount
        return found
