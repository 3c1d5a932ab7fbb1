"""Who takes part: names of searchers with their settings."""

from __future__ import annotations

from typing import Any

CONTENDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "random": ("random", {}),
    "local_search": ("local_search", {}),
    "local_search, best neighbour": ("local_search", {"move": "best"}),
    "regularized_evolution": ("regularized_evolution", {}),
    "regularized_evolution, 10/3": ("regularized_evolution", {"population": 10, "sample": 3}),
    "reinforce": ("reinforce", {}),
    "nasnet_controller, paper": ("nasnet_controller", {}),
    "nasnet_controller, tuned": ("nasnet_controller", {"preset": "tuned"}),
    "nsga2": ("nsga2", {}),
    "predictor": ("predictor", {}),
}
