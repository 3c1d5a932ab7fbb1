"""Networks of the library on small images: what is optimized doesn't depend on their size."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import archdsl
from archdsl.ir.graph import Graph
from archdsl.spec.library import library_root

SIDES = (64, 96, 128, 192, 256, 320)


@cache
def entries() -> dict[str, dict[str, Any]]:
    """The networks of the index by name."""
    index = json.loads((library_root() / "index.json").read_text())
    return {entry["name"]: entry for entry in index["networks"] if entry["kind"] == "model"}


def one_of_each_file(most_params: int) -> list[str]:
    """The smallest network of each file, if it has no more than so many parameters."""
    found: dict[str, str] = {}
    for name, entry in sorted(entries().items(), key=lambda item: (int(item[1]["params"]), item[0])):
        if entry["params"] <= most_params:
            found.setdefault(entry["file"], name)
    return sorted(found.values())


def small(name: str) -> Graph:
    """The network's graph for the smallest square images that it takes, or for its own."""
    return small_architecture(name).graph()


def small_architecture(name: str) -> archdsl.Architecture:
    """The network for the smallest square images that it takes, or for its own."""
    architecture = archdsl.load(name)
    images = {key: v.type.shape for key, v in architecture.graph().inputs.items() if v.type.rank == 3}
    for side in SIDES:
        if not images or any(side >= min(shape[1:]) for shape in images.values()):
            break
        try:
            shapes = {key: (shape[0], side, side) for key, shape in images.items()}
            return architecture.with_settings({}, shapes)
        except archdsl.ArchdslError:
            continue
    return architecture
