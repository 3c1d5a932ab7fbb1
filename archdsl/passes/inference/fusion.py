"""Fusion: activations and sums become part of the convolution, linear layer or affine map before them.

Algebra:
    act(conv(x)) = fused_conv2d[act](x)
    conv(x) + r = fused_conv2d(x, r)           and with an activation behind it
    act(linear(x)) = fused_linear[act](x)      act(affine(x)) = fused_affine[act](x)

Side conditions: nobody else reads the value between, and it is no output; r has the type of the sum. Of a sum of two
convolutions the later one takes the earlier one's result as r. Nodes that share weights are fused alike or not at all.
A sum of several values is taken apart: the convolution takes the sum of the others.

Weights stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.families.fused import activation_attributes
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import activation_of, is_plain
from archdsl.passes.rewriting import Reading, Rewriting, made

FUSED = {"conv2d": "fused_conv2d", "linear": "fused_linear", "fused_affine": "fused_affine"}
FUSED |= {"fused_conv2d": "fused_conv2d", "fused_linear": "fused_linear"}
EVERY = frozenset({"relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "hardsigmoid", "hardswish", "tanh"})


@dataclass(frozen=True, slots=True)
class ActivationFusion:
    """Fuses activations; `activations` are those that the runtime can fuse."""

    activations: frozenset[str] = EVERY
    name: str = "activation_fusion"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which layers make their activation themselves."""
        reading = Reading(graph)

        def activation(node: Node) -> dict[str, Any] | None:
            follower = reading.sole_reader(node.outputs[0]) if _takes_activation(node) else None
            if follower is None or follower.op.name not in self.activations:
                return None
            return activation_attributes(follower.op)

        found = reading.agreed(activation)
        if not found:
            return unchanged(graph)
        gone = dict.fromkeys(reading.readers[layer.outputs[0]][0] for layer in found)
        rewriting = Rewriting(graph)
        for node in graph.nodes:
            if node in found:
                op = made(FUSED[node.op.name], _attributes(node) | found[node])
                rewriting.put(node, op, rewriting.all_now(node.operands))
            elif node in gone:
                rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
            else:
                rewriting.keep(node)
        note = f"made {counted(len(gone), 'activation')} part of the layer before"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(node.path for node in gone))


@dataclass(frozen=True, slots=True)
class ResidualFusion:
    """Fuses sums into the convolution that makes one of their operands."""

    name: str = "residual_fusion"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which convolutions add what is added to them."""
        sums = _sums(graph)
        if not sums:
            return unchanged(graph)
        deferred = {layer for layers in sums.values() for layer in layers}
        rewriting = Rewriting(graph)
        for node in graph.nodes:
            if node in sums:
                _accumulate(rewriting, node, sums[node])
            elif node not in deferred:
                rewriting.keep(node)
        note = f"made {counted(len(sums), 'sum')} part of the convolution before"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(node.path for node in sums))


def _accumulate(rewriting: Rewriting, node: Node, layers: list[Node]) -> None:
    """The sum in the place of a node: the first layer adds the other operands, each later one what is before it."""
    made_by = {layer.outputs[0] for layer in layers}
    others = [rewriting.now(value) for value in node.operands if value not in made_by]
    if len(others) > 1:
        others = list(rewriting.add(node, node.op, others, f"{node.path}_rest").outputs)
    for layer in layers:
        operands = [rewriting.now(layer.operands[0]), *others]
        op = made("fused_conv2d", _attributes(layer)) if others else layer.op
        others = list(rewriting.add(layer, op, operands, layer.path).outputs)
    rewriting.replace(node.outputs[0], others[0])


def _sums(graph: Graph) -> dict[Node, list[Node]]:
    """Sums with the convolutions that take them, in order; where weights are shared, one that they all agree on."""
    reading = Reading(graph)
    order = {node: place for place, node in enumerate(graph.nodes)}
    proposed: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        if node.op.name != "add" or len(node.operands) < 2 or len(set(node.operand_types)) != 1:
            continue
        able = [value.producer for value in node.operands if _takes_sum(value, reading)]
        layers = sorted((layer for layer in able if layer is not None), key=order.__getitem__)
        if layers:
            proposed[node] = [layer for layer in layers[:-1] if not reading.is_shared(layer)] + layers[-1:]
    last = {layers[-1] for layers in proposed.values()}
    agreed = reading.agreed(lambda node: True if node in last else None)
    return {node: layers for node, layers in proposed.items() if layers[-1] in agreed}


def _takes_sum(value: Value, reading: Reading) -> bool:
    node = value.producer
    if node is None or node.op.name not in ("conv2d", "fused_conv2d") or not is_plain(node):
        return False
    return reading.sole_reader(value) is not None


def _takes_activation(node: Node) -> bool:
    return node.op.name in FUSED and activation_of(node.op) == "none"


def _attributes(node: Node) -> dict[str, Any]:
    """The attributes of a layer, as its fused form has them."""
    fields = type(node.op).model_fields
    given = {name: getattr(node.op, name) for name in fields if name not in ("activation", "alpha")}
    return {name: value for name, value in given.items() if value is not None}
