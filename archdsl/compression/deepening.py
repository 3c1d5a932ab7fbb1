"""Net2Deeper (arXiv:1511.05641, section 2.3): more layers, the same function.

A layer that gives what it reads is put behind an activation f with f(f(x)) = f(x), with f once more behind it. The
layer is a convolution with a one in the middle of each filter's own channel, or an identity matrix. The batch
norm that the paper has is left out: it would change the function as soon as it saw a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archdsl.compression.compressed import Change, Compressed, compressed
from archdsl.compression.errors import CompressionError
from archdsl.compression.rewriting import Step, rewritten
from archdsl.compression.weighted import weighted
from archdsl.ir.graph import Graph, Node
from archdsl.ops.registry import make, operators
from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    from archdsl.pipeline.building import Weights

IDEMPOTENT = frozenset({"relu", "relu6"})


def deepen(
    architecture: Architecture,
    weights: Weights | None = None,
    *,
    steps: Sequence[str] = (),
    kernel_size: int = 3,
) -> Compressed:
    """Put layers into the network that leave its outputs as they are.

    Args:
        architecture: the network. Auxiliary heads come along; they get layers where they are named.
        weights: of it, as of `archdsl.compile`.
        steps: paths of the activations to put one behind each; by default the last one of every image size.
        kernel_size: of new convolutions, odd.

    Raises:
        CompressionError: if a step is no activation that allows it (relu, relu6), or there is none.
        ArchdslError: E1001 if the weights don't fit.
    """
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise CompressionError(f"kernel_size = {kernel_size}: an odd number is needed, so that there is a middle")
    network = weighted(architecture, weights)
    places = _named(network.graph, steps) if steps else _last_of_each_size(network.main)
    if not places:
        raise CompressionError(f"{architecture.name} has no relu or relu6 to put a layer behind")
    made = rewritten(network, lambda node: _steps(node, kernel_size) if node in places else None)
    changes = [
        Change(node.path, f"a layer more behind it, {_size(node)}") for node in network.graph.nodes if node in places
    ]
    said = f"{architecture.name} with {len(places)} layers more (Net2Net)."
    return compressed(made, architecture, said, f"{architecture.name}_deepened", changes)


def _candidates(graph: Graph) -> list[Node]:
    """Activations behind which a layer can stand: their outputs are images or vectors."""
    return [node for node in graph.nodes if node.op.name in IDEMPOTENT and node.outputs[0].type.rank in (1, 3)]


def _named(graph: Graph, paths: Sequence[str]) -> set[Node]:
    candidates = _candidates(graph)
    known = {node.path for node in candidates}
    if unknown := [path for path in paths if path not in known]:
        near = ", ".join(sorted(known)[:5])
        raise CompressionError(f"`{unknown[0]}` is no relu or relu6 of the network; there are {near}, ...")
    return {node for node in candidates if node.path in paths}


def _last_of_each_size(graph: Graph) -> set[Node]:
    return set({node.outputs[0].type.shape[1:]: node for node in _candidates(graph)}.values())


def _size(node: Node) -> str:
    return "x".join(map(str, node.outputs[0].type.shape))


def _steps(node: Node, kernel_size: int) -> list[Step]:
    channels, *image = node.outputs[0].type.shape
    activation = Step(node.op, "", {})
    if not image:
        arrays = {"weight": np.eye(channels, dtype=np.float32), "bias": np.zeros(channels, np.float32)}
        layer = Step(make(operators()["linear"], {"out_features": channels}), "_more", arrays)
        return [activation, layer, Step(node.op, "_again", {})]
    weight = np.zeros((channels, channels, kernel_size, kernel_size), np.float32)
    weight[range(channels), range(channels), kernel_size // 2, kernel_size // 2] = 1
    attributes = {"out_channels": channels, "kernel_size": kernel_size, "padding": "half"}
    arrays = {"weight": weight, "bias": np.zeros(channels, np.float32)}
    return [activation, Step(make(operators()["conv2d"], attributes), "_more", arrays), Step(node.op, "_again", {})]
