"""Recurrent layers: whole ones, as exported programs keep them."""

from __future__ import annotations

from typing import Any

from archdsl.importing.aten_ops.common import get, refs, rule, tensor
from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import require_constant

KINDS = {"lstm": ("lstm", 4), "gru": ("gru", 3), "rnn_tanh": ("rnn", 1), "rnn_relu": ("rnn", 1)}


@rule(*(f"{name}.input" for name in KINDS))
def recurrent(program: Program, one: Instruction) -> list[Lifted]:
    name = one.op.split(".")[1]
    operator, gates = KINDS[name]
    if get(one, "train", False) and get(one, "dropout", 0.0):
        raise Refusal("it is in training mode")
    if not get(one, "batch_first", False):
        raise Refusal("the batch is not the first dimension of what it reads")
    states = refs(one, "hx") if isinstance(one.attributes.get("hx"), list) else [tensor(one, "hx")]
    if not all(_zero(program, state) for state in states):
        raise Refusal("its first state is not zero")
    if any(program.uses(output) for output in one.outputs[1:]):
        raise Refusal("its last state is used")
    layers, both, biased = get(one, "num_layers", 1), get(one, "bidirectional", False), get(one, "has_biases", True)
    weights = _weights(program, refs(one, "params"), layers, both, biased)
    hidden = weights["weight_hh_l0"].array.shape[1]
    if weights["weight_hh_l0"].array.shape[0] != gates * hidden:
        raise Refusal("it projects its state")
    attributes: dict[str, Any] = {"hidden_size": hidden}
    attributes |= {"num_layers": layers} if layers > 1 else {}
    attributes |= {} if biased else {"bias": False}
    attributes |= {"dropout": get(one, "dropout", 0.0)} if layers > 1 and get(one, "dropout", 0.0) else {}
    attributes |= {"bidirectional": True} if both else {}
    attributes |= {"nonlinearity": "relu"} if name == "rnn_relu" else {}
    return [Lifted(operator, attributes, [tensor(one, "input")], one.outputs[:1], weights)]


def _weights(program: Program, names: Any, layers: int, both: bool, biased: bool) -> dict[str, Weight]:
    suffixes = [f"l{level}{side}" for level in range(layers) for side in ("", "_reverse")[: 2 if both else 1]]
    parts = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if biased else [])]
    wanted = [f"{part}_{suffix}" for suffix in suffixes for part in parts]
    if len(wanted) != len(names):
        raise Refusal("it projects its state")
    pairs = zip(wanted, names, strict=True)
    return {ours: Weight(name, require_constant(program, name, "weights")) for ours, name in pairs}


def _zero(program: Program, name: str) -> bool:
    """Whether a value is made of zeros, whatever the batch is."""
    if name in program.constants:
        return not program.constants[name].any()
    made = program.maker(name)
    if made is None:
        return False
    base = made.op.split(".")[1]
    if base in ("zeros", "new_zeros", "zeros_like"):
        return True
    return base in ("expand", "contiguous", "clone") and _zero(program, made.inputs[0])
