"""Recurrent layers as PyTorch exports them: [T, N, F] inside, the batch first outside."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.onnx_ops.common import RULES, numbers, operand
from archdsl.importing.program import Array, Instruction, Program, Refusal
from archdsl.importing.rules import require_constant
from archdsl.ops.rules.gates import GRU_ORDER, LSTM_ORDER

ORDERS = {"LSTM": LSTM_ORDER, "GRU": GRU_ORDER, "RNN": (0,)}
SWAP = [1, 0, 2]


class _Layer(NamedTuple):
    node: Instruction
    directions: int
    hidden: int


@RULES("Transpose")
def recurrent(program: Program, one: Instruction) -> list[Lifted] | None:
    """The end of a stack of layers: the time goes behind the batch again."""
    if numbers(one, "perm", []) != SWAP:
        return None
    layers: list[_Layer] = []
    value = one.inputs[0]
    while (found := _below(program, value)) is not None:
        layers.insert(0, found)
        value = found.node.inputs[0]
    first = program.made_by(value, "Transpose")
    if not layers:
        return None
    if first is None or numbers(first, "perm", []) != SWAP:
        raise Refusal("the batch is not the first dimension of what it reads")
    return _steps(program, one, layers, first.inputs[0])


def _below(program: Program, value: str) -> _Layer | None:
    """The layer whose outputs [T, directions, N, H] become a value [T, N, directions * H]."""
    view = program.made_by(value, "Reshape", "Squeeze")
    if view is None:
        return None
    turned = program.made_by(view.inputs[0], "Transpose")
    if turned is not None and numbers(turned, "perm", []) != [0, 2, 1, 3]:
        return None
    node = program.made_by(view.inputs[0] if turned is None else turned.inputs[0], *ORDERS)
    if node is None or len(program.shape(node.outputs[0])) != 4:
        return None
    directions, hidden = program.shape(node.outputs[0])[1], program.shape(node.outputs[0])[3]
    if (directions > 1 and turned is None) or node.attributes.get("direction", "forward") == "reverse":
        return None
    return _Layer(node, directions, hidden)


def _steps(program: Program, one: Instruction, layers: list[_Layer], x: str) -> list[Lifted]:
    kinds = {(layer.node.op, layer.directions, layer.hidden, bool(operand(layer.node, 3))) for layer in layers}
    together = [layers] if len(kinds) == 1 else [[layer] for layer in layers]
    steps = []
    for place, group in enumerate(together):
        result = one.outputs[0] if place == len(together) - 1 else f"{one.outputs[0]}%{place}"
        steps.append(_step(program, group, x, result))
        x = result
    return steps


def _step(program: Program, layers: list[_Layer], x: str, result: str) -> Lifted:
    first = layers[0]
    attributes: dict[str, Any] = {"hidden_size": first.hidden}
    if len(layers) > 1:
        attributes["num_layers"] = len(layers)
    if not operand(first.node, 3):
        attributes["bias"] = False
    if first.directions > 1:
        attributes["bidirectional"] = True
    weights: dict[str, Weight] = {}
    for level, layer in enumerate(layers):
        _check(program, layer.node)
        weights |= _weights(program, layer, level)
    if first.node.op == "RNN" and "Relu" in first.node.attributes.get("activations", []):
        attributes["nonlinearity"] = "relu"
    operator = first.node.op.lower()
    return Lifted(operator, attributes, [x], [result], weights, first.node.scope, first.node)


def _check(program: Program, node: Instruction) -> None:
    """Raises Refusal for what the operators don't have."""
    usual = {"Sigmoid", "Tanh", "Relu"} if node.op == "RNN" else {"Sigmoid", "Tanh"}
    if not set(node.attributes.get("activations", [])) <= usual or node.attributes.get("clip"):
        raise Refusal("it has other activations")
    if node.op == "GRU" and not node.attributes.get("linear_before_reset"):
        raise Refusal("its reset gate acts before the product with the state")
    if node.attributes.get("layout") or node.attributes.get("input_forget") or operand(node, 4) or operand(node, 7):
        raise Refusal("it has lengths, peepholes or another layout")
    for name in (operand(node, 5), operand(node, 6)):
        if name and not _zero(program, name):
            raise Refusal("its first state is not zero")
    if any(name and program.uses(name) for name in node.outputs[1:]):
        raise Refusal("its last state is used")


def _zero(program: Program, name: str) -> bool:
    """Whether a value is made of zeros, whatever the batch is."""
    if name in program.constants:
        return not program.constants[name].any()
    made = program.maker(name)
    if made is None:
        return False
    if made.op == "ConstantOfShape":
        return not np.any(made.attributes.get("value", 0))
    return made.op in ("Expand", "Slice", "Concat") and all(
        _zero(program, source) for source in (made.inputs if made.op == "Concat" else made.inputs[:1])
    )


def _weights(program: Program, layer: _Layer, level: int) -> dict[str, Weight]:
    """The arrays in PyTorch's order of gates."""
    order = ORDERS[layer.node.op]
    found: dict[str, Weight] = {}
    for place, side in ((1, "ih"), (2, "hh")):
        name = layer.node.inputs[place]
        array = require_constant(program, name, "weights")
        for direction, suffix in enumerate(("", "_reverse")[: layer.directions]):
            found[f"weight_{side}_l{level}{suffix}"] = Weight(name, _in_order(array[direction], order))
    name = operand(layer.node, 3)
    if name:
        array = require_constant(program, name, "biases")
        half = len(order) * layer.hidden
        for direction, suffix in enumerate(("", "_reverse")[: layer.directions]):
            for side, part in (("ih", array[direction, :half]), ("hh", array[direction, half:])):
                found[f"bias_{side}_l{level}{suffix}"] = Weight(name, _in_order(part, order))
    return found


def _in_order(array: Array, order: tuple[int, ...]) -> Array:
    """The blocks of rows in PyTorch's order; `order` says which of PyTorch's stands first in ONNX."""
    blocks = array.reshape(len(order), -1, *array.shape[1:])
    result = np.empty_like(blocks)
    result[list(order)] = blocks
    return result.reshape(array.shape)
