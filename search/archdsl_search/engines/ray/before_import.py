"""What must be right before ray is imported. Imports no ray.

Clusters may listen on 127.0.0.1 alone, so that no other machine reaches them. Ray replaces 127.0.0.1 by the machine's
outward address, where such a cluster is not, unless it is told that there are no clusters of several machines. It reads
that from the environment, once, when it is imported.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import closing

from archdsl_search.errors import RefusedError
from archdsl_search.installed import is_installed

VARIABLE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Seconds in which a cluster must answer.
REACHABLE = 5.0


def prepare(address: str) -> None:
    """Call this before ray is imported. A cluster of our own is kept to this machine; one on loopback can be joined.

    Raises:
        RefusedError: if ray is not installed; if it was imported before with the other setting, and could not join.
    """
    if not is_installed("ray"):
        raise RefusedError("--engine ray needs the package ray: pip install 'archdsl[ray]'")
    place = parted(address)
    if address and (place is None or place[0] not in LOOPBACK or _listens(_outward(), place[1])):
        return
    if "ray" not in sys.modules:
        os.environ.setdefault(VARIABLE, "0")
    elif place is not None and os.environ.get(VARIABLE, "1").lower() not in ("0", "false"):
        raise RefusedError(
            f"the cluster at {address} listens on this machine alone, and ray was imported without {VARIABLE}=0: "
            "set it before Python starts"
        )


def parted(address: str) -> tuple[str, int] | None:
    """Host and port; None for `auto`, and for what Ray is to make sense of."""
    host, separator, port = address.rpartition(":")
    return (host.strip("[]"), int(port)) if separator and port.isdigit() else None


def _outward() -> str:
    """The address under which other machines see this one; nothing is sent."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asking:
        try:
            asking.connect(("192.0.2.1", 9))
            return str(asking.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), REACHABLE).close()
    except OSError:
        return False
    return host not in LOOPBACK
