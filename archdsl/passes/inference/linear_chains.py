"""Linear chains: two layers with nothing between them are one layer.

Algebra, with * over the channels between:
    B (A x + a) + b = (B * A) x + (B a + b)

for linear layers, and for convolutions of which the second (or the first) has a window of one element and stride 1. A
depthwise convolution followed by a 1x1 convolution is such a pair, too.

When it pays: the one layer takes no more multiply-adds than the two.

Side conditions: nobody else reads the value between; neither shares its weights. If the first has the window of one
element and a bias, the second pads with no zeros: beyond the border there is no bias. If the second one has several
groups the pair is left alone.

Way back: the product is taken apart by its singular values. If training has given it a higher rank than the channels
between allow, there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from archdsl.ir.graph import Graph, Node
from archdsl.ops.base import Operator
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import (
    convolution,
    groups_of,
    has_bias,
    is_convolution,
    is_plain,
    window_of,
    zero_padded,
)
from archdsl.passes.inference.linear_steps import Product
from archdsl.passes.rewriting import Reading, Rewriting, changed, made
from archdsl.passes.weights import WeightStep


@dataclass(frozen=True, slots=True)
class LinearChains:
    """Multiplies layers that follow one another without an activation, where that is no more work."""

    name: str = "linear_chains"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which such pairs are one layer."""
        pairs = _pairs(graph)
        if not pairs:
            return unchanged(graph)
        gone = set(pairs.values())
        rewriting = Rewriting(graph)
        steps: list[WeightStep] = []
        for node in graph.nodes:
            if node in gone:
                continue
            if node not in pairs:
                rewriting.keep(node)
                continue
            first = pairs[node]
            op = _merged(first, node)
            rewriting.put(node, op, rewriting.all_now(first.operands), node.path)
            steps.append(_step(first, node))
        note = f"multiplied {counted(len(pairs), 'pair')} of layers"
        places = tuple(f"{first.path} into {second.path}" for second, first in pairs.items())
        return PassResult(rewriting.finish(), True, (note,), tuple(steps), places)


def _pairs(graph: Graph) -> dict[Node, Node]:
    """Second layers with the first ones; each layer is in one pair at most."""
    reading = Reading(graph)
    used: set[Node] = set()
    found: dict[Node, Node] = {}
    for node in graph.nodes:
        first = node.operands[0].producer if node.operands and is_plain(node) else None
        if first is None or first in used or not is_plain(first) or reading.is_shared(node) or reading.is_shared(first):
            continue
        if reading.sole_reader(first.outputs[0]) is not node:
            continue
        if _multiplies(first, node) and _work(first, node) <= _own_work(first) + _own_work(node):
            used |= {node, first}
            found[node] = first
    return found


def _multiplies(first: Node, second: Node) -> bool:
    if first.op.name == second.op.name == "linear":
        return True
    if first.op.name != "conv2d" or second.op.name != "conv2d" or groups_of(second) != 1:
        return False
    if _is_single(second):
        return True
    return _is_single(first) and groups_of(first) == 1 and not (has_bias(first) and zero_padded(second))


def _is_single(node: Node) -> bool:
    window = window_of(node)
    return prod(window.kernel) == prod(window.stride) == 1 and not window.padded


def _own_work(node: Node) -> int:
    return node.op.cost(node.operand_types, node.output_types).mult_adds


def _work(first: Node, second: Node) -> int:
    """Multiply-adds of the product."""
    if not is_convolution(second):
        return first.operands[0].type.elements * second.output_types[0].shape[-1]
    kernel = window_of(first if _is_single(second) else second).kernel
    return second.output_types[0].elements * first.operands[0].type.shape[0] * prod(kernel)


def _merged(first: Node, second: Node) -> Operator:
    bias = has_bias(first) or has_bias(second)
    if not is_convolution(second):
        return changed(second.op, bias=bias)
    wide = first if _is_single(second) else second
    return made("conv2d", _attributes(wide, convolution(second).out_channels, bias))


def _attributes(node: Node, out_channels: int, bias: bool) -> dict[str, object]:
    op, window = convolution(node), window_of(node)
    found: dict[str, object] = {"out_channels": out_channels, "kernel_size": window.kernel, "stride": window.stride}
    found |= {"padding": op.padding, "dilation": window.dilation, "bias": bias, "padding_mode": op.padding_mode}
    return found


def _step(first: Node, second: Node) -> Product:
    wide_first = not is_convolution(second) or _is_single(second)
    between = first.output_types[0].shape[0 if is_convolution(first) else -1]
    return Product(first.path, second.path, between, groups_of(first), wide_first, has_bias(first), has_bias(second))
