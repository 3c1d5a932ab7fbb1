"""Normalisation: nodes of their own, and layer and group normalisation written out."""

from __future__ import annotations

import numpy as np

from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.onnx_ops.common import RULES, close, integers, operand, scalar
from archdsl.importing.program import Array, Instruction, Program, Refusal
from archdsl.importing.rules import axis_of, require_constant, short, weight


@RULES("BatchNormalization")
def batch_norm(program: Program, one: Instruction) -> list[Lifted]:
    rank = len(program.sample(one.inputs[0]))
    if one.attributes.get("training_mode") or len([name for name in one.outputs if name]) > 1:
        raise Refusal("it is in training mode")
    if rank not in (1, 2, 3):
        raise Refusal(f"it normalises a value of {rank + 1} dimensions")
    names = ("weight", "bias", "running_mean", "running_var")
    for name in one.inputs[1:]:
        require_constant(program, name, "statistics")
    weights = {name: weight(program, value) for name, value in zip(names, one.inputs[1:], strict=True)}
    attributes = _changed("eps", one.attributes.get("epsilon", 1e-5), 1e-5)
    attributes |= _changed("momentum", round(1 - one.attributes.get("momentum", 0.9), 6), 0.1)
    operator = "batch_norm2d" if rank == 3 else "batch_norm1d"
    return [Lifted(operator, attributes, one.inputs[:1], one.outputs[:1], weights)]


def _changed(name: str, value: float, default: float) -> dict[str, int | float]:
    return {} if close(value, default) else {name: short(value)}


@RULES("InstanceNormalization")
def instance_norm(program: Program, one: Instruction) -> list[Lifted]:
    if len(program.sample(one.inputs[0])) != 3:
        raise Refusal("it normalises something else than images")
    for name in one.inputs[1:]:
        require_constant(program, name, "weights")
    attributes = {"affine": True, **_changed("eps", one.attributes.get("epsilon", 1e-5), 1e-5)}
    weights = {"weight": weight(program, one.inputs[1]), "bias": weight(program, one.inputs[2])}
    return [Lifted("instance_norm2d", attributes, one.inputs[:1], one.outputs, weights)]


@RULES("GroupNormalization")
def group_norm(program: Program, one: Instruction) -> list[Lifted]:
    groups, channels = int(one.attributes["num_groups"]), program.sample(one.inputs[0])[0]
    attributes = {"num_groups": groups, **_changed("eps", one.attributes.get("epsilon", 1e-5), 1e-5)}
    weights = {}
    for name, value in zip(("weight", "bias"), one.inputs[1:], strict=True):
        array = require_constant(program, value, "weights")
        # Up to opset 20 there is one number for each group.
        spread = np.repeat(array, channels // groups) if array.size == groups != channels else array
        weights[name] = Weight(value, spread)
    return [Lifted("group_norm", attributes, one.inputs[:1], one.outputs, weights)]


@RULES("Reshape")
def written_group_norm(program: Program, one: Instruction) -> list[Lifted] | None:
    """Channels brought into groups, instance normalisation of these, and the shape brought back."""
    inner = program.made_by(one.inputs[0], "InstanceNormalization")
    before = None if inner is None else program.made_by(inner.inputs[0], "Reshape")
    if inner is None or before is None:
        return None
    x = before.inputs[0]
    scale, offset = (program.constants.get(name) for name in inner.inputs[1:])
    plain = scale is not None and offset is not None and bool(np.all(scale == 1) and np.all(offset == 0))
    if not plain or program.shape(x) != program.shape(one.outputs[0]) or len(program.shape(inner.inputs[0])) != 3:
        return None
    attributes: dict[str, int | float] = {"num_groups": program.sample(inner.inputs[0])[0], "affine": False}
    attributes |= _changed("eps", inner.attributes.get("epsilon", 1e-5), 1e-5)
    return [Lifted("group_norm", attributes, [x], one.outputs)]


@RULES("LayerNormalization")
def layer_norm(program: Program, one: Instruction) -> list[Lifted]:
    sample = program.sample(one.inputs[0])
    first = axis_of(one.attributes.get("axis", -1), len(sample) + 1)
    scale = require_constant(program, one.inputs[1], "weights")
    made = _layer_norm(one, one.inputs[0], sample[first:], one.attributes.get("epsilon", 1e-5))
    made.weights = {"weight": Weight(one.inputs[1], _full(scale, sample[first:]))}
    if operand(one, 2):
        offset = require_constant(program, one.inputs[2], "weights")
        made.weights = {**made.weights, "bias": Weight(one.inputs[2], _full(offset, sample[first:]))}
    else:
        made.attributes = {**made.attributes, "bias": False}
    return [made]


def _full(array: Array, shape: tuple[int, ...]) -> Array:
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise Refusal("its weights don't have the shape that is normalised") from None


def _layer_norm(one: Instruction, x: str, shape: tuple[int, ...], eps: float) -> Lifted:
    attributes = _changed("eps", eps, 1e-5)
    size = {"normalized_shape": shape} if len(shape) > 1 else {}
    return Lifted("layer_norm", {**size, **attributes}, [x], one.outputs[:1])


@RULES("LRN")
def local_response(program: Program, one: Instruction) -> list[Lifted]:
    size = int(one.attributes["size"])
    if size % 2 == 0:
        raise Refusal("of an even size, its longer half lies behind the channel")
    given = {"alpha": (0.0001, 1e-4), "beta": (0.75, 0.75), "bias": (1.0, 1.0)}
    attributes: dict[str, int | float] = {}
    for name, (default, ours) in given.items():
        attributes.update(_changed("k" if name == "bias" else name, one.attributes.get(name, default), ours))
    return [Lifted("local_response_norm", {"size": size, **attributes}, one.inputs, one.outputs)]


@RULES("Div")
def written_layer_norm(program: Program, one: Instruction) -> list[Lifted] | None:
    """(x - mean) / sqrt(variance + eps), the mean over trailing dimensions."""
    found = _standardized(program, one)
    if found is None:
        return None
    x, shape, eps = found
    made = _layer_norm(one, x, shape, eps)
    made.attributes = {**made.attributes, "elementwise_affine": False}
    return [made]


def affine_layer_norm(program: Program, one: Instruction) -> list[Lifted] | None:
    """The same with weights behind it; called for `Add` and `Mul`."""
    product, offset = one, ""
    if one.op == "Add":
        name = next((n for n in one.inputs if program.made_by(n, "Mul")), None)
        inner = None if name is None else program.made_by(name, "Mul")
        if inner is None or name is None:
            return None
        product, offset = inner, next((n for n in one.inputs if n != name), "")
    quotient = next((n for n in product.inputs if program.made_by(n, "Div")), None)
    made = None if quotient is None else program.made_by(quotient, "Div")
    found = None if made is None else _standardized(program, made)
    scale = next((n for n in product.inputs if n != quotient), "")
    if found is None or scale not in program.constants or (offset and offset not in program.constants):
        return None
    x, shape, eps = found
    if any(program.constants[n].shape != shape for n in (scale, offset) if n):
        return None
    step = _layer_norm(one, x, shape, eps)
    step.weights = {"weight": weight(program, scale)} | ({"bias": weight(program, offset)} if offset else {})
    if not offset:
        step.attributes = {**step.attributes, "bias": False}
    return [step]


def _standardized(program: Program, one: Instruction) -> tuple[str, tuple[int, ...], float] | None:
    """x, the sizes its mean goes over, and eps, if the division is a standardisation."""
    centred, root = program.maker(one.inputs[0]), program.made_by(one.inputs[1], "Sqrt")
    total = None if root is None else program.made_by(root.inputs[0], "Add")
    if centred is None or centred.op != "Sub" or total is None:
        return None
    mean, variance = program.made_by(centred.inputs[1], "ReduceMean"), program.made_by(total.inputs[0], "ReduceMean")
    eps = scalar(program, total.inputs[1])
    if mean is None or variance is None or eps is None or mean.inputs[0] != centred.inputs[0]:
        return None
    if not _is_square(program, variance.inputs[0], centred):
        return None
    shape = program.shape(centred.inputs[0])
    axes = [sorted(a % len(shape) for a in integers(program, m, 1, "axes") or []) for m in (mean, variance)]
    trailing = list(range(len(shape) - len(axes[0]), len(shape)))
    if axes[0] != axes[1] or axes[0] != trailing or not axes[0] or axes[0][0] == 0:
        return None
    return centred.inputs[0], shape[axes[0][0] :], eps


def _is_square(program: Program, name: str, of: Instruction) -> bool:
    """Whether a value is the square of what this instruction, or one like it, gives."""
    square = program.made_by(name, "Pow", "Mul")
    if square is None:
        return False
    base = program.maker(square.inputs[0])
    if base is None or (base.op, base.inputs) != (of.op, of.inputs):
        return False
    if square.op == "Pow":
        return close(scalar(program, square.inputs[1]), 2.0)
    return square.inputs[0] == square.inputs[1]
