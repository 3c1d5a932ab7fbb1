"""How many samples of a batch a thread takes at a time through the whole network, where threads don't share steps.

More samples make larger products and read the weights less often; fewer leave what a step writes in the cache for the
next one. What is best was measured (docs/benchmarks/inference.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log, prod
from statistics import median

from archdsl.ir.graph import Graph
from archdsl.ops.families.convolution import Conv2d

# Bytes that the middle one of a network's convolutions writes for the best slices.
BEST_BYTES = 2.8e5
FLOAT_BYTES = 4
# Single samples make small products, whatever they write.
FEWEST_SAMPLES = 2
# Threads that have nothing to do for a fifth of the time are better used together.
LEAST_USE = 0.8


def slice_sizes(samples: int, threads: int) -> tuple[int, ...]:
    """Sizes of equal slices that keep all threads busy, largest first."""
    if threads < 2:
        return ()
    return tuple(
        size for size in range(samples // threads, 0, -1) if samples % size == 0 and _use(samples // size, threads)
    )


def _use(slices: int, threads: int) -> bool:
    return slices >= LEAST_USE * threads * ceil(slices / threads)


def best_slice(graph: Graph, sizes: Sequence[int]) -> int:
    """The size for which a network is expected to be fastest; 0 if threads had better share each step.

    They had where the network has more weights than its convolutions write numbers for a slice, since every thread
    reads all weights for every slice.
    """
    written = [node.output_types[0].elements for node in graph.nodes if isinstance(node.op, Conv2d)]
    if not written:
        return 0
    weights = {(node.path, spec.name): prod(spec.shape) for node in graph.nodes for spec in node.weights}
    able = [size for size in sizes if sum(weights.values()) <= size * sum(written)]
    wanted = max(FEWEST_SAMPLES, BEST_BYTES / (FLOAT_BYTES * median(written)))
    return min(able, key=lambda size: abs(log(size / wanted)), default=0)
