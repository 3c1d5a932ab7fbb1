"""Pooling order: averages and 1x1 convolutions change places where that is cheaper.

Algebra, for P that takes weighted means of each channel (average pooling, resizing) and a 1x1 convolution C:
    P(C(x)) = C(P(x))

Which way: the convolution goes to where height and width are smallest (behind a pooling with a stride, before an
enlargement); where they stay the same, the pooling goes to where there are fewer channels. A DenseNet transition
computes a quarter of its multiply-adds; an Inception pooling branch pools a fraction of the channels.

Side conditions: the convolution has stride 1 and neither padding nor an activation; nobody else reads the value
between. With a bias, the means sum to one: pooling that counts zero padding as elements doesn't keep a constant. Then
the bias is added behind: the pooling becomes a depthwise convolution with the weight 1 / window and that bias, which
a runtime does in one go with the activation that follows.

Weights: only that last form moves the bias, and makes a weight that is always the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from archdsl.ir.graph import Graph, Node
from archdsl.ir.naming import state_key
from archdsl.ops.families.average_pooling import AveragePooling
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import (
    averages_exactly,
    convolution,
    has_bias,
    is_convolution,
    is_plain,
    window_of,
)
from archdsl.passes.rewriting import Paths, Reading, Rewriting, changed, made
from archdsl.passes.weights import WeightStep

if TYPE_CHECKING:
    from archdsl.passes.weights import State


@dataclass(frozen=True, slots=True)
class PoolingOrder:
    """Swaps averages and 1x1 convolutions where that is cheaper."""

    name: str = "pooling_order"

    def run(self, graph: Graph) -> PassResult:
        """The graph with averages and 1x1 convolutions in the cheaper order."""
        swaps = _swaps(graph)
        if not swaps:
            return unchanged(graph)
        first = {swap[0]: swap for swap in swaps}
        second = {swap[1]: swap for swap in swaps}
        rewriting, paths = Rewriting(graph), Paths(graph)
        steps: list[WeightStep] = []
        for node in graph.nodes:
            if node in first:
                continue
            if node not in second:
                rewriting.keep(node)
                continue
            earlier = second[node][0]
            pool, conv = (earlier, node) if is_convolution(node) else (node, earlier)
            if conv is node and has_bias(conv) and not averages_exactly(pool):
                steps.append(_pooled_with_bias(rewriting, pool, conv, paths))
                continue
            inner = rewriting.add(node, node.op, rewriting.all_now(earlier.operands), node.path)
            outer = rewriting.add(earlier, earlier.op, inner.outputs, earlier.path)
            rewriting.replace(node.outputs[0], outer.outputs[0])
        note = f"swapped {counted(len(swaps), 'average')} and 1x1 convolution"
        places = tuple(f"{one.path} and {other.path}" for one, other in swaps)
        return PassResult(rewriting.finish(), True, (note,), tuple(steps), places)


def _swaps(graph: Graph) -> list[tuple[Node, Node]]:
    """Pairs of neighbours that change places, each node in one pair at most."""
    reading = Reading(graph)
    used: set[Node] = set()
    found: list[tuple[Node, Node]] = []
    for node in graph.nodes:
        before = node.operands[0].producer if node.operands else None
        if before is None or before in used or reading.sole_reader(before.outputs[0]) is not node:
            continue
        if _is_average(before) and _is_swappable(node, reading):
            wanted = _conv_first(before, node)
        elif _is_swappable(before, reading) and _is_average(node):
            wanted = _pool_first(before, node)
        else:
            continue
        if wanted:
            used |= {before, node}
            found.append((before, node))
    return found


def _is_average(node: Node) -> bool:
    if node.op.name == "global_avg_pool2d" or len(node.operands) != 1:
        return False
    if averages_exactly(node):
        return node.op.name != "interpolate" or node.op.infer(*node.operand_types) == node.output_types
    return isinstance(node.op, AveragePooling) and node.op.divided_by() is None and not node.op.rounds_up()


def _is_swappable(node: Node, reading: Reading) -> bool:
    if not is_convolution(node) or not is_plain(node) or reading.is_shared(node):
        return False
    window = window_of(node)
    return prod(window.kernel) == prod(window.stride) == 1 and not window.padded


def _conv_first(pool: Node, conv: Node) -> bool:
    """Whether conv(pool(x)) is better as pool(conv(x))."""
    (before,), (after,) = pool.operand_types, pool.output_types
    exact = averages_exactly(pool) or not has_bias(conv)
    if after.elements > before.elements:
        return exact
    if after.shape != before.shape or convolution(conv).out_channels >= before.shape[0]:
        return False
    return exact or (pool.op.name == "avg_pool2d" and conv.op.name == "conv2d" and window_of(pool).symmetric)


def _pool_first(conv: Node, pool: Node) -> bool:
    """Whether pool(conv(x)) is better as conv(pool(x)): the multiply-adds saved, held against more to pool."""
    if not averages_exactly(pool) and has_bias(conv):
        return False
    before, after = prod(conv.output_types[0].shape[1:]), prod(pool.output_types[0].shape[1:])
    op, channels = convolution(conv), conv.operands[0].type.shape[0]
    saved = (before - after) * op.out_channels * channels // op.groups
    more = before * (channels - op.out_channels)
    return after < before and saved > more


def _pooled_with_bias(rewriting: Rewriting, pool: Node, conv: Node, paths: Paths) -> WeightStep:
    """conv(pool(x)) as a convolution without bias and a depthwise one that takes means and adds the bias."""
    op, window = convolution(conv), window_of(pool)
    bare = rewriting.add(conv, changed(op, bias=False), rewriting.all_now(pool.operands), conv.path)
    attributes = {"out_channels": op.out_channels, "groups": op.out_channels, "kernel_size": window.kernel}
    attributes |= {"stride": window.stride, "padding": tuple(before for before, _ in window.padding)}
    means = rewriting.add(pool, made("conv2d", attributes), bare.outputs, paths.fresh(pool.path))
    rewriting.replace(conv.outputs[0], means.outputs[0])
    return BiasBehindMeans(conv.path, means.path, (op.out_channels, 1, *window.kernel))


@dataclass(frozen=True, slots=True)
class BiasBehindMeans:
    """The bias of a convolution moves to the depthwise convolution that stands for a pooling."""

    conv: str
    means: str
    shape: tuple[int, ...]

    def forward(self, state: State) -> None:
        import numpy as np

        state[state_key(self.means, "weight")] = np.full(self.shape, 1 / prod(self.shape[2:]))
        state[state_key(self.means, "bias")] = state.pop(state_key(self.conv, "bias"))

    def backward(self, state: State) -> None:
        state.pop(state_key(self.means, "weight"))
        state[state_key(self.conv, "bias")] = state.pop(state_key(self.means, "bias"))
