"""The connection to a cluster: joined, or started on this machine and stopped again."""

from __future__ import annotations

import logging
import math
import os
import socket
from typing import Any

import ray
from ray._private import ray_constants

from archdsl_search.engines.needs import Needs
from archdsl_search.errors import RefusedError

# Seconds in which a cluster must answer.
REACHABLE = 5.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


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
            _stay_on_loopback(address)
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
    place = _parted(address)
    if place is None:
        return
    try:
        socket.create_connection(place, REACHABLE).close()
    except OSError as error:
        raise RefusedError(f"no connection to the cluster at {address}: {error}") from error


def _stay_on_loopback(address: str) -> None:
    """Let a cluster be joined that listens on 127.0.0.1 alone, so that no other machine reaches it.

    Ray replaces 127.0.0.1 by the machine's outward address, unless it is told that there are no clusters on this
    system. It reads that from RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER when it is imported: now it is too late for that.
    """
    place = _parted(address)
    if place is None or place[0] not in LOOPBACK:
        return
    outward = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    try:
        socket.create_connection((outward, place[1]), REACHABLE).close()
    except OSError:
        ray_constants.ENABLE_RAY_CLUSTER = False


def _parted(address: str) -> tuple[str, int] | None:
    """Host and port; None for `auto`, and for what Ray is to make sense of."""
    host, separator, port = address.rpartition(":")
    return (host.strip("[]"), int(port)) if separator and port.isdigit() else None


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
