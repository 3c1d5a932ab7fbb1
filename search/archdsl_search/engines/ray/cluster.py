"""The connection to a cluster: joined, or started on this machine and stopped again."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import ray

# Ray looks at these when it starts. Nothing is reported to anybody; a warning about many workers is no news here.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_maximum_startup_concurrency": "8",
}


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


class Cluster:
    """A connection to Ray. Joined clusters are left as they are; one that was started here is stopped by `leave`.

    Args:
        address: of a cluster (`auto`, `host:port`); empty: start one on this machine, which nobody else can use, large
            enough for what is needed of CPUs and custom resources. GPUs are those that are there.
    """

    def __init__(self, address: str, needs: Needs):
        os.environ.update({name: value for name, value in _ENVIRONMENT.items() if name not in os.environ})
        logging.getLogger("ray").setLevel(logging.ERROR)
        self._owned = not ray.is_initialized()
        if self._owned:
            ray.init(**_arguments(address, needs), log_to_driver=False, logging_level=logging.ERROR)

    def leave(self) -> None:
        """Disconnect; on a cluster of our own, every process of it ends."""
        if self._owned:
            ray.shutdown()


def _arguments(address: str, needs: Needs) -> dict[str, object]:
    if address:
        return {"address": address}
    bundle = needs.total
    cpus = max(os.cpu_count() or 1, math.ceil(bundle.get("CPU", 0.0) * needs.workers))
    custom = {name: amount * needs.workers for name, amount in bundle.items() if name not in ("CPU", "GPU")}
    return {"num_cpus": cpus, "resources": custom, "include_dashboard": False}
