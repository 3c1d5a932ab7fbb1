"""Net2Wider (arXiv:1511.05641, section 2.2): more channels, the same function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archdsl.compression.channels import Channels
from archdsl.compression.compressed import Change, Compressed, compressed
from archdsl.compression.errors import CompressionError
from archdsl.compression.resizing import Copies, resized
from archdsl.compression.weighted import weighted
from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    from archdsl.pipeline.building import Weights


def widen(
    architecture: Architecture,
    weights: Weights | None = None,
    *,
    factor: float = 1.5,
    layers: Sequence[str] = (),
    seed: int = 0,
) -> Compressed:
    """Copy channels so that every layer has `factor` times as many; outputs stay the same.

    Args:
        architecture: the network; of auxiliary heads only layers that are named are widened.
        weights: of it, as of `archdsl.compile`.
        factor: how many times as many channels, 1 or more; numbers are rounded to the nearest.
        layers: paths of the convolutions and linears to widen, with what must go along; by default all of the
            inference form.
        seed: chooses the channels to copy, and how a reader's weights are divided among the copies.

    Raises:
        CompressionError: if no layer can be widened. Channels of grouped convolutions, shuffles and chunks are left.
        ArchdslError: E1001 if the weights don't fit.
    """
    if not 1 <= factor <= 64:
        raise CompressionError(f"factor = {factor} is out of range: 1 to 64")
    network = weighted(architecture, weights)
    channels = Channels(network.graph)
    known = {node.path for node in channels.makers}
    if unknown := set(layers) - known:
        raise CompressionError(f"there is no convolution or linear `{min(unknown)}`; `archdsl cost` lists the layers")
    random = np.random.default_rng(seed)
    main = {node.path for node in network.main.nodes}
    copies = Copies.of(channels, _times(channels, set(layers) or known & main, factor, random), random)
    changes = []
    for node in channels.makers:
        classes = channels.classes(node.outputs[0]).tolist()
        after = int(copies.times[classes].sum())
        if after > len(classes):
            figures = {"before": len(classes), "after": after}
            changes.append(Change(node.path, f"{len(classes)} -> {after} filters", figures))
    if not changes:
        raise CompressionError(f"no layer of {architecture.name} can be widened so")
    said = f"{architecture.name}, {factor:g} times as wide (Net2Net)."
    name = f"{architecture.name}_widened"
    return compressed(resized(network, channels, copies), architecture, said, name, changes)


def _times(channels: Channels, layers: set[str], factor: float, random: np.random.Generator) -> dict[int, int]:
    """How often each class is kept: layer by layer, every class `factor` times on average."""
    bound = channels.fixed() | channels.rigid()
    times: dict[int, int] = {}
    for node in channels.makers:
        if node.path not in layers:
            continue
        classes = list(dict.fromkeys(channels.classes(node.outputs[0]).tolist()))
        free = [number for number in classes if number not in bound and number not in times]
        extra = round(len(free) * (factor - 1))
        whole, rest = divmod(extra, len(free)) if free else (0, 0)
        chosen = set(random.permutation(len(free))[:rest].tolist())
        times.update({number: 1 + whole + (place in chosen) for place, number in enumerate(free)})
    return {number: count for number, count in times.items() if count > 1}
