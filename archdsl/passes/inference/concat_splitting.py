"""Concat splitting: a narrow convolution of joined values becomes a sum of convolutions, and nothing is joined.

Algebra, for W cut along its input channels as x1, ..., xn are joined:
    W concat(x1, ..., xn) + b = W1 x1 + ... + (Wn xn + b)
    max_pool(concat(x1, ..., xn)) = concat(max_pool(x1), ..., max_pool(xn))     on the way, where it helps

When it pays: the join writes and reads every input channel once more, each further summand reads and writes every
output channel. It is done where the first is at least `gain` times the second, as in a SqueezeNet's squeeze layers.

Side conditions: nobody else reads the join (or the pooled join); one group; the convolution shares its weights with
nobody. Weights: the weight is cut, the bias goes to the last part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.naming import state_key
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import convolution, groups_of, has_bias, is_convolution, is_plain
from archdsl.passes.rewriting import Paths, Reading, Rewriting, changed, made
from archdsl.passes.weights import WeightStep

if TYPE_CHECKING:
    from archdsl.passes.weights import State


@dataclass(frozen=True, slots=True)
class ConcatSplitting:
    """Makes sums of convolutions where that is less traffic than joining what they read."""

    gain: float = 2.0
    name: str = "concat_splitting"

    def run(self, graph: Graph) -> PassResult:
        """The graph without joins that are read by one narrow convolution."""
        found = self._found(graph)
        if not found:
            return unchanged(graph)
        gone = {node for chain in found.values() for node in chain}
        rewriting, paths = Rewriting(graph), Paths(graph)
        steps: list[WeightStep] = []
        for node in graph.nodes:
            if node in gone:
                continue
            if node in found:
                steps.append(_split(rewriting, node, found[node], paths))
            else:
                rewriting.keep(node)
        note = f"made sums of {counted(len(found), 'convolution')} of joined values"
        places = tuple(node.path for node in found)
        return PassResult(rewriting.finish(), True, (note,), tuple(steps), places)

    def _found(self, graph: Graph) -> dict[Node, tuple[Node, ...]]:
        """Convolutions to split, with the nodes before them that go: a concat, or a concat and a pooling."""
        reading = Reading(graph)
        found: dict[Node, tuple[Node, ...]] = {}
        for node in graph.nodes:
            if not is_convolution(node) or not is_plain(node) or groups_of(node) != 1 or reading.is_shared(node):
                continue
            chain = _chain(node.operands[0], reading)
            if chain and self._pays(node, chain):
                found[node] = chain
        return found

    def _pays(self, node: Node, chain: tuple[Node, ...]) -> bool:
        joined = chain[0].outputs[0].type.elements
        summed = (len(chain[0].operands) - 1) * node.outputs[0].type.elements
        return joined >= self.gain * summed and len(chain[0].operands) > 1


def _chain(value: Value, reading: Reading) -> tuple[Node, ...]:
    """The concat along the channels that makes a value, and the max pooling between, if only one reads each."""
    node = value.producer
    if node is None or reading.sole_reader(value) is None:
        return ()
    if node.op.name == "max_pool2d" and len(node.outputs) == 1:
        before = _chain(node.operands[0], reading)
        return (*before, node) if len(before) == 1 else ()
    joins = node.op.name == "concat" and node.op.canonical_attributes(node.operand_types)["dim"] == 0
    return (node,) if joins else ()


def _split(rewriting: Rewriting, node: Node, chain: tuple[Node, ...], paths: Paths) -> WeightStep:
    """The sum in the place of a convolution."""
    concat, *pools = chain
    last = len(concat.operands) - 1
    made_parts: list[Value] = []
    names: list[str] = []
    for place, operand in enumerate(concat.operands):
        value = rewriting.now(operand)
        for pool in pools:
            value = rewriting.add(pool, pool.op, [value], f"{pool.path}[{place}]").outputs[0]
        names.append(paths.fresh(f"{node.path}_part"))
        op = node.op if place == last else changed(node.op, bias=False)
        made_parts.append(rewriting.add(node, op, [value], names[-1]).outputs[0])
    total = rewriting.add(node, made("add"), made_parts, f"{node.path}_sum")
    rewriting.replace(node.outputs[0], total.outputs[0])
    sizes = tuple(operand.type.shape[0] for operand in concat.operands)
    return CutInputs(node.path, tuple(names), sizes, convolution(node).bias and has_bias(node))


@dataclass(frozen=True, slots=True)
class CutInputs:
    """The weight of a layer cut along its input channels; the bias goes to the last part."""

    whole: str
    parts: tuple[str, ...]
    sizes: tuple[int, ...]
    has_bias: bool

    def forward(self, state: State) -> None:
        import numpy as np

        weight = state.pop(state_key(self.whole, "weight"))
        for path, piece in zip(self.parts, np.split(weight, np.cumsum(self.sizes)[:-1], axis=1), strict=True):
            state[state_key(path, "weight")] = piece
        if self.has_bias:
            state[state_key(self.parts[-1], "bias")] = state.pop(state_key(self.whole, "bias"))

    def backward(self, state: State) -> None:
        import numpy as np

        pieces = [state.pop(state_key(path, "weight")) for path in self.parts]
        state[state_key(self.whole, "weight")] = np.concatenate(pieces, axis=1)
        if self.has_bias:
            state[state_key(self.whole, "bias")] = state.pop(state_key(self.parts[-1], "bias"))
