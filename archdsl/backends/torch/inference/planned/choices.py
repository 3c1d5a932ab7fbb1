"""When a convolution is a matrix product, several of them, or oneDNN's direct one: rules that measurements taught.

The numbers are rates of the machine of docs/benchmarks/inference.md with two threads. Only their proportions matter.
"""

from __future__ import annotations

from math import prod

from archdsl.backends.torch.inference.planned.layout import is_planned
from archdsl.backends.torch.inference.planned.winograd import Grid
from archdsl.ir.graph import Graph, Node
from archdsl.ops.families.convolution import Conv2d
from archdsl.ops.families.fused import FusedAffine
from archdsl.ops.families.linear import Linear
from archdsl.ops.families.pooling import Pooling

# Operations (two for each multiply-add) and bytes each second; weights come from memory, one network's don't fit.
ARITHMETIC = 4.2e11
CACHE = 6.5e10
MEMORY = 2.0e10
WEIGHTS = 1.3e10
# Seconds that one call of an operator takes at least, and a direct convolution.
CALL = 4e-6
DIRECT_CALL = 3e-5
# Both caches of level 2: what is larger comes from memory.
CACHED = 4 << 20
# Narrower layers spend more on the transforms than they save.
NARROWEST = 32
# The rule is off by so much.
MARGIN = 0.93
# Seconds by which a layer, and each sample of it, is slower on torch than on ONNX Runtime.
LOST_ON_A_LAYER = 1e-4
LOST_ON_A_SAMPLE = 5e-5
# Operators, beside layers, that compute each sample without looking at others.
ALONE = frozenset({"concat", "chunk", "split", "slice", "add", "mul", "maximum", "relu"})
# Small products that oneDNN's calls are too slow for.
SMALL_PRODUCT = 6e7


def winograd_tile(samples: int, height: int, width: int, channels: int, filters: int) -> int | None:
    """Outputs along a tile's side with which Winograd's filtering is expected to win; None if it isn't.

    Args:
        samples, height, width: of the outputs.
        channels: of the input.
        filters: channels of the output.
    """
    if min(channels, filters) < NARROWEST:
        return None
    grids = [Grid(samples, height, width, tile) for tile in (4, 2)]
    best = min(grids, key=lambda grid: winograd_seconds(grid, channels, filters))
    wins = winograd_seconds(best, channels, filters) < MARGIN * direct_seconds(best, channels, filters)
    return best.tile if wins else None


def direct_seconds(grid: Grid, channels: int, filters: int) -> float:
    """What oneDNN's direct 3x3 convolution is expected to take."""
    outputs = grid.samples * grid.height * grid.width
    work, weights = 18 * outputs * channels * filters, 36 * channels * filters
    return work / ARITHMETIC + weights / WEIGHTS + _moved(outputs * (channels + filters)) + DIRECT_CALL


def winograd_seconds(grid: Grid, channels: int, filters: int) -> float:
    """What the products of Winograd's filtering are expected to take."""
    places = (grid.tile + 2) ** 2
    tiles = grid.samples * grid.rows * grid.columns
    products = places * channels * filters
    transforms = places * places * channels + grid.tile**2 * places * filters
    outputs = grid.samples * grid.height * grid.width
    working = 4 * places * tiles * 3 * (channels + filters)
    blocks = len(list(grid.blocks(max(channels, filters))))
    return (
        2 * tiles * (products + transforms) / ARITHMETIC
        + (working + 4 * products * (blocks - 1)) / CACHE
        + 4 * products / WEIGHTS
        + _moved(outputs * (2 * channels + filters))
        + (7 * blocks + 1) * CALL
    )


def _moved(elements: int) -> float:
    """Seconds to read or write so many numbers."""
    return 4 * elements / (MEMORY if 4 * elements > CACHED else CACHE)


def is_product(positions: int, channels: int, filters: int) -> bool:
    """Whether a 1x1 convolution is better a plain matrix product."""
    return filters < 2 * channels or 2 * positions * channels * filters < SMALL_PRODUCT


def sample_by_sample(graph: Graph, samples: int) -> int:
    """How many nodes, from the first on, are better computed for one sample after the other.

    What they write then lies in the cache when the next one reads it, at the price of reading their weights for each
    sample: as far as weights are smaller than what is read and written.
    """
    if samples == 1:
        return 0
    for count, node in enumerate(graph.nodes):
        values = (*node.operands, *node.outputs)
        weights = sum(prod(spec.shape) for spec in node.weights)
        alone = isinstance(node.op, Conv2d | Pooling | FusedAffine) or node.op.name in ALONE
        if not alone or weights > sum(value.type.elements for value in values) or not all(map(is_planned, values)):
            return count
    return len(graph.nodes)


def seconds_saved(graph: Graph, samples: int) -> float:
    """What Winograd's filtering is expected to save on a network, where it is chosen."""
    saved = 0.0
    for node in graph.nodes:
        grid = winograd_grid(node, samples)
        if grid is not None:
            channels, filters = node.operand_types[0].shape[0], node.output_types[0].shape[0]
            saved += direct_seconds(grid, channels, filters) - winograd_seconds(grid, channels, filters)
    return saved


def picks(graph: Graph) -> bool:
    """Whether places of largest values, or other integers, are computed: rounding may then change them altogether."""
    return any(value.type.dtype != "float32" for node in graph.nodes for value in node.outputs)


def beats_other_runtimes(graph: Graph, samples: int) -> bool:
    """Whether that is more than what torch's kernels lose on ONNX Runtime's and OpenVINO's, layer by layer."""
    if picks(graph):
        return False
    layers = sum(isinstance(node.op, Conv2d | Linear) for node in graph.nodes)
    return seconds_saved(graph, samples) > layers * (LOST_ON_A_LAYER + samples * LOST_ON_A_SAMPLE)


def winograd_grid(node: Node, samples: int) -> Grid | None:
    """The tiles of a convolution that Winograd's filtering is chosen for; None for another one."""
    op = node.op
    if not isinstance(op, Conv2d) or op.groups != 1 or op.padding_mode != "zeros":
        return None
    window = op.window(node.operand_types[0])
    if window.kernel != (3, 3) or {*window.stride, *window.dilation} != {1}:
        return None
    k, height, width = node.outputs[0].type.shape
    tile = winograd_tile(samples, height, width, node.operand_types[0].shape[0], k)
    return None if tile is None else Grid(samples, height, width, tile)
