"""What a sweep needs and what a cluster has, before anything waits for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray.experimental.internal_kv import _internal_kv_get as internal_kv_get

from archdsl_search.engines.needs import Needs

# Ray keeps reports on its nodes under this key; without an autoscaler every node is of a type of its own, `node_...`.
_REPORT = b"__autoscaling_status"
_NO_TYPE = "node_"
# Nodes have these too; nobody asks for them.
_UNINTERESTING = ("node:", "accelerator_type:")


@dataclass(frozen=True)
class Preflight:
    """Needs beside what there is.

    Attributes:
        needs: of the sweep.
        nodes: the resources of each machine.
        grows: whether an autoscaler may add machines.
    """

    needs: Needs
    nodes: tuple[Mapping[str, float], ...]
    grows: bool

    @property
    def has(self) -> dict[str, float]:
        """What all machines have together."""
        found: dict[str, float] = {}
        for node in self.nodes:
            for name, amount in node.items():
                if not name.startswith(_UNINTERESTING):
                    found[name] = found.get(name, 0.0) + amount
        return found

    @property
    def places(self) -> int:
        """How many trials can run at once now, at most as many as the sweep has workers."""
        free = [dict(node) for node in self.nodes]
        count = 0
        while count < self.needs.workers and _placed(free, (self.needs.first, *self.needs.bundles)):
            count += 1
        return count

    @property
    def objection(self) -> str:
        """Why the sweep would wait without end; empty if it would not."""
        if self.places or self.grows:
            return ""
        has = self.has
        for name, amount in self.needs.total.items():
            if has.get(name, 0.0) < amount:
                return f"needs {_amount(amount, name)} per trial, cluster has {_number(has.get(name, 0.0))}"
        return f"no machine of the cluster has {_amounts(self.needs.first)}"

    @property
    def text(self) -> str:
        """Both, in lines for people."""
        lines = [
            f"each trial needs {_amounts(self.needs.total)}; {self.needs.workers} are wanted at once",
            f"the cluster has {_amounts({name: self.has.get(name, 0.0) for name in self.needs.total})} "
            f"on {len(self.nodes)} machine{'s' if len(self.nodes) != 1 else ''}"
            + (", and an autoscaler that may add more" if self.grows else ""),
            self.objection or f"{self.places} of {self.needs.workers} trials can run at once now",
        ]
        return "\n".join(lines)


def preflight(needs: Needs) -> Preflight:
    """Look at the cluster that this process is connected to."""
    nodes = tuple(node["Resources"] for node in ray.nodes() if node["Alive"])  # type: ignore[no-untyped-call]
    return Preflight(needs, nodes, _has_autoscaler())


def _has_autoscaler() -> bool:
    report = json.loads(internal_kv_get(_REPORT) or b"{}").get("autoscaler_report") or {}
    return any(not name.startswith(_NO_TYPE) for name in report.get("active_nodes") or {})


def _placed(free: Sequence[dict[str, float]], bundles: Sequence[Mapping[str, float]]) -> bool:
    """Take the bundles from the first machines that have them; what is free afterwards stays in `free`."""
    for bundle in bundles:
        node = next((n for n in free if all(n.get(k, 0.0) >= amount - 1e-9 for k, amount in bundle.items())), None)
        if node is None:
            return False
        for name, amount in bundle.items():
            node[name] -= amount
    return True


def _amounts(resources: Mapping[str, Any]) -> str:
    return " and ".join(_amount(amount, name) for name, amount in resources.items()) or "nothing"


def _amount(amount: float, name: str) -> str:
    plural = "s" if name in ("CPU", "GPU") and amount != 1 else ""
    return f"{_number(amount)} {name}{plural}"


def _number(amount: float) -> str:
    return f"{amount:g}"
