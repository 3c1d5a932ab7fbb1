"""The weights of a recurrent layer, level by level."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.ops.base import WeightSpec


def layers_of(weights: Iterable[WeightSpec]) -> list[tuple[str, list[WeightSpec]]]:
    """Suffix (`l0`) and weights of the first direction of each level."""
    found: dict[str, list[WeightSpec]] = {}
    for spec in weights:
        suffix = spec.name.rpartition("_")[2]
        if suffix != "reverse":
            found.setdefault(suffix, []).append(spec)
    return list(found.items())
