"""The connection to a cluster: joined, or started on this machine and stopped again."""

from __future__ import annotations

import logging
import math
import os
import socket
from pathlib import Path
from typing import Any

import ray

from archdsl_search.engines.needs import Needs
from archdsl_search.engines.ray.before_import import REACHABLE, parted
from archdsl_search.errors import RefusedError


class Cluster:
    """A connection to Ray. Joined clusters are left as they are; one that was started here is stopped by `leave`.

    Args:
        address: of a cluster (`auto`, `host:port`); empty: start one on this machine, which nobody else can use, large
            enough for what is needed of CPUs and custom resources. GPUs are those that are there.

    Raises:
        RefusedError: if there is none at the address.
    """

    def __init__(self, address: str, needs: Needs):
        for name in ("ray", "ray.tune"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._owned = not ray.is_initialized()
        if self._owned:
            _expect_somebody(address)
            try:
                ray.init(**_arguments(address, needs), log_to_driver=False, logging_level=logging.CRITICAL)
            except (ConnectionError, RuntimeError, TimeoutError) as error:
                place = f"the cluster at {address}" if address else "a cluster on this machine"
                raise RefusedError(f"no connection to {place}: {first_line(error)}") from error

    def leave(self) -> None:
        """Disconnect; on a cluster of our own, every process of it ends."""
        if self._owned:
            ray.shutdown()


def _expect_somebody(address: str) -> None:
    """Make sure that something listens: Ray tries for minutes to reach a place where nobody is."""
    place = parted(_noted() if address == "auto" else address)
    if place is None:
        return
    try:
        socket.create_connection(place, REACHABLE).close()
    except OSError as error:
        where = f"{place[0]}:{place[1]}" + (" (auto)" if address == "auto" else "")
        raise RefusedError(f"no connection to the cluster at {where}: {error}") from error


def _noted() -> str:
    """Where `auto` leads: what the environment says, or what the last cluster of this machine has noted; else empty.

    A cluster that was killed leaves its note.
    """
    if told := os.environ.get("RAY_ADDRESS"):
        return told
    try:
        return (Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray" / "ray_current_cluster").read_text().strip()
    except OSError:
        return ""


def first_line(error: BaseException) -> str:
    """What Ray says first; the rest are its traces."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _arguments(address: str, needs: Needs) -> dict[str, Any]:
    if address:
        return {"address": address}
    bundle = needs.total
    cpus = max(os.cpu_count() or 1, math.ceil(bundle.get("CPU", 0.0) * needs.workers))
    custom = {name: math.ceil(amount * needs.workers) for name, amount in bundle.items() if name not in ("CPU", "GPU")}
    # `local`: a new one, also where Ray has noted that another one runs here.
    return {"address": "local", "num_cpus": cpus, "resources": custom, "include_dashboard": False}
