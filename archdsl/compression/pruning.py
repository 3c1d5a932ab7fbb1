"""Filter pruning to a budget: the least important channels leave the network, and its shapes shrink.

Importance of a filter (arXiv:1608.08710, section 3.1: the sum of its absolute weights; arXiv:1811.00250, section 3.2:
its distance to the other filters of the layer), relative to the mean of its layer. Channels that can only go together
are one unit, with the mean importance of their filters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

import numpy as np

from archdsl.compression.budgets import Budget, excess
from archdsl.compression.channels import Channels
from archdsl.compression.compressed import Change, Compressed, compressed
from archdsl.compression.errors import CompressionError
from archdsl.compression.forms import main_part
from archdsl.compression.resizing import Copies, resized, resized_graph
from archdsl.compression.weighted import Array, WeightedGraph, weighted
from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    from archdsl.ir.graph import Node
    from archdsl.pipeline.building import Weights

Criterion = Literal["l1", "l2", "geometric_median"]
Allocation = Literal["global", "uniform"]


def prune(
    architecture: Architecture,
    weights: Weights | None = None,
    *,
    params: float | None = None,
    mult_adds: float | None = None,
    criterion: Criterion = "l1",
    allocation: Allocation = "global",
    keep_at_least: float = 0.1,
    multiple_of: int = 1,
) -> Compressed:
    """Remove the least important filters until the network is within the budget.

    Args:
        architecture: the network. Auxiliary heads of training keep their filters and read what is left.
        weights: of it, as of `archdsl.compile`.
        params, mult_adds: the budget: a share of what there is, up to 1, or a number.
        criterion: `l1` or `l2` norm of a filter, or `geometric_median`, its distance to the others of its layer.
        allocation: `global` compares filters of all layers, relative to their layer's mean; `uniform` takes equal
            shares of every layer.
        keep_at_least: share of its channels that each layer keeps.
        multiple_of: numbers of channels are rounded up to multiples, where the layer has so many.

    Raises:
        CompressionError: if the budget cannot be reached.
        ArchdslError: E1001 if the weights don't fit.
    """
    if not 0 < keep_at_least <= 1 or multiple_of < 1:
        raise CompressionError("keep_at_least is a share above 0 and multiple_of at least 1")
    network = weighted(architecture, weights)
    channels = Channels(network.graph)
    units = _units(network, channels, criterion, allocation)
    limits = Budget(params, mult_adds).limits(network.main)
    copies = _within(network, channels, _Order(units, keep_at_least, multiple_of), limits)
    name = f"{architecture.name}_pruned"
    said = f"{architecture.name} with filters pruned ({criterion}, {allocation})."
    changes = [c for node in channels.makers if (c := _change(node, channels, copies))]
    return compressed(resized(network, channels, copies), architecture, said, name, changes)


@dataclass(frozen=True)
class Unit:
    """A class of channels: its layers (by what makes them) and its importance."""

    number: int
    layer: frozenset[str]
    importance: float


def _units(network: WeightedGraph, channels: Channels, criterion: Criterion, allocation: Allocation) -> list[Unit]:
    """Every class that may go."""
    found: dict[int, list[float]] = {}
    layers: dict[int, set[str]] = {}
    for node in _makers(network, channels):
        scores = _scores(node, network.arrays[node.path]["weight"], criterion)
        for number, score in zip(channels.classes(node.outputs[0]).tolist(), scores.tolist(), strict=True):
            found.setdefault(number, []).append(score)
            layers.setdefault(number, set()).add(node.path)
    for number in channels.fixed():
        found.pop(number, None)
    units = [Unit(number, frozenset(layers[number]), float(np.mean(scores))) for number, scores in found.items()]
    return units if allocation == "global" else _ranked(units)


def _makers(network: WeightedGraph, channels: Channels) -> list[Node]:
    """The layers that inference computes: filters of auxiliary heads cost it nothing."""
    main = set(network.main.nodes)
    return [node for node in channels.makers if node in main]


def _ranked(units: Sequence[Unit]) -> list[Unit]:
    """Importance as the rank within the layer, so that layers lose equal shares."""
    ranked = []
    for members in _by_layer(units).values():
        members.sort(key=lambda unit: unit.importance)
        ranked += [Unit(u.number, u.layer, (rank + 0.5) / len(members)) for rank, u in enumerate(members)]
    return ranked


def _by_layer(units: Sequence[Unit]) -> dict[frozenset[str], list[Unit]]:
    layers: dict[frozenset[str], list[Unit]] = {}
    for unit in units:
        layers.setdefault(unit.layer, []).append(unit)
    return layers


def _scores(node: Node, weight: Array, criterion: Criterion) -> Array:
    """The importance of each filter, 1 on average."""
    rows = weight.swapaxes(0, 1) if node.op.name == "conv_transpose2d" else weight
    rows = rows.reshape(len(rows), -1).astype(np.float64)
    if criterion == "geometric_median":
        squares = (rows**2).sum(1)
        distances = squares[:, None] + squares[None] - 2 * rows @ rows.T
        found = np.sqrt(np.maximum(distances, 0)).sum(1)
    else:
        found = np.abs(rows).sum(1) if criterion == "l1" else np.sqrt((rows**2).sum(1))
    mean = found.mean()
    return np.asarray(found / mean if mean > 0 else np.ones_like(found))


class _Order:
    """Which units go when `count` of them are to go, the least important first."""

    def __init__(self, units: Sequence[Unit], keep_at_least: float, multiple_of: int):
        self.units = sorted(units, key=lambda unit: (unit.importance, unit.number))
        self.layers = {layer: len(members) for layer, members in _by_layer(units).items()}
        self.least = {layer: max(1, ceil(size * keep_at_least)) for layer, size in self.layers.items()}
        self.multiple_of = multiple_of

    def removed(self, count: int) -> Mapping[int, int]:
        """The classes that are kept 0 times."""
        gone: dict[frozenset[str], list[int]] = {layer: [] for layer in self.layers}
        left = count
        for unit in self.units:
            members = gone[unit.layer]
            if left and self.layers[unit.layer] - len(members) > self.least[unit.layer]:
                members.append(unit.number)
                left -= 1
        for layer, members in gone.items():
            kept = self.layers[layer] - len(members)
            rounded = min(self.layers[layer], ceil(kept / self.multiple_of) * self.multiple_of)
            del members[len(members) - (rounded - kept) :]  # the most important ones come back
        return {number: 0 for members in gone.values() for number in members}


def _within(network: WeightedGraph, channels: Channels, order: _Order, limits: dict[str, int]) -> Copies:
    """The fewest removals that bring the network within its limits, by bisection."""

    def over(count: int) -> dict[str, int]:
        graph = resized_graph(network.graph, channels, Copies.of(channels, order.removed(count)))
        return excess(main_part(graph, network.heads), limits)

    low, high = 0, len(order.units)
    least = over(high)
    if least:
        (name, value), *_ = least.items()
        raise CompressionError(
            f"pruning reaches {value:,} {name} at the least, the budget is {limits[name]:,}; a smaller keep_at_least "
            "leaves fewer filters in each layer"
        )
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if over(middle) else (low, middle)
    return Copies.of(channels, order.removed(high))


def _change(node: Node, channels: Channels, copies: Copies) -> Change | None:
    classes = channels.classes(node.outputs[0]).tolist()
    kept = int(copies.times[classes].sum())
    if kept == len(classes):
        return None
    return Change(node.path, f"{len(classes)} -> {kept} filters", {"before": len(classes), "after": kept})
