"""What the cluster has that this process is connected to."""

from __future__ import annotations

import json

import ray
from ray.experimental.internal_kv import _internal_kv_get as internal_kv_get

from archdsl_search.engines.needs import Needs
from archdsl_search.engines.preflight import Preflight

# Ray keeps reports on its nodes under this key; without an autoscaler every node is of a type of its own, `node_...`.
_REPORT = b"__autoscaling_status"
_NO_TYPE = "node_"


def preflight(needs: Needs) -> Preflight:
    """Look at the cluster that this process is connected to."""
    nodes = tuple(node["Resources"] for node in ray.nodes() if node["Alive"])  # type: ignore[no-untyped-call]
    return Preflight(needs, nodes, _has_autoscaler())


def _has_autoscaler() -> bool:
    report = json.loads(internal_kv_get(_REPORT) or b"{}").get("autoscaler_report") or {}
    return any(not name.startswith(_NO_TYPE) for name in report.get("active_nodes") or {})
