"""What a sweep needs and what there is, before anything waits for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archdsl_search.engines.needs import Needs

# Ray's machines have these too; nobody asks for them.
_UNINTERESTING = ("node:", "accelerator_type:")


@dataclass(frozen=True)
class Preflight:
    """Needs beside what there is.

    Attributes:
        needs: of the sweep.
        nodes: the resources of each machine.
        grows: whether an autoscaler may add machines.
        place: what has all that: the cluster, or this machine.
    """

    needs: Needs
    nodes: tuple[Mapping[str, float], ...]
    grows: bool
    place: str = "the cluster"

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
                there = f"{self.place.removeprefix('the ')} has {_number(has.get(name, 0.0))}"
                return f"needs {_amount(amount, name)} per trial, {there}"
        return f"no machine of {self.place} has {_amounts(self.needs.first)}"

    @property
    def text(self) -> str:
        """Both, in lines for people."""
        lines = [
            f"each trial needs {_amounts(self.needs.total)}; {self.needs.workers} are wanted at once",
            f"{self.place} has {_amounts({name: self.has.get(name, 0.0) for name in self.needs.total})}" + self._spread,
            self.objection or f"{self.places} of {self.needs.workers} trials can run at once now",
        ]
        return "\n".join(lines)

    @property
    def _spread(self) -> str:
        if self.place != "the cluster":
            return ""
        machines = f" on {len(self.nodes)} machine{'s' if len(self.nodes) != 1 else ''}"
        return machines + (", and an autoscaler that may add more" if self.grows else "")


class ThisMachine(Preflight):
    """What worker processes find here.

    They are not placed: all run at once and share what there is, processors and GPUs alike. Custom resources and
    bundles are a cluster's.
    """

    def __init__(self, needs: Needs):
        wanted = Needs(needs.workers, needs.cpus, needs.gpus)
        # GPUs are counted only where they matter: it takes torch.
        gpus = {"GPU": float(_gpus())} if needs.gpus else {}
        super().__init__(wanted, ({"CPU": float(processors()), **gpus},), False, "this machine")

    @property
    def places(self) -> int:
        """All, unless there is no GPU for them."""
        return 0 if self.has.get("GPU", 0.0) < self.needs.gpus else self.needs.workers


def processors() -> int:
    """Those that this process may use, where the system says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()


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
