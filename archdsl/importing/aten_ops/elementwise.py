"""Element-wise functions, arithmetic, reductions."""

from __future__ import annotations

from typing import Any

from archdsl.importing.aten_ops.common import get, operand, rule, simple, tensor
from archdsl.importing.elementwise import arithmetic, mean_of_maps
from archdsl.importing.lifted import Lifted, alias
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import plain, require_constant, short, step, weight

for _name in ("relu", "relu6", "selu", "sigmoid", "silu", "hardsigmoid", "hardswish", "tanh", "exp", "mish"):
    simple(_name, _name)


@rule("leaky_relu")
def leaky(program: Program, one: Instruction) -> list[Lifted]:
    return step("leaky_relu", one, [operand(program, one)], negative_slope=short(get(one, "negative_slope", 0.01)))


@rule("elu")
def elu(program: Program, one: Instruction) -> list[Lifted]:
    if get(one, "scale", 1) != 1 or get(one, "input_scale", 1) != 1:
        raise Refusal("it has scales")
    return step("elu", one, [operand(program, one)], alpha=short(float(get(one, "alpha", 1.0))))


@rule("softplus")
def softplus(program: Program, one: Instruction) -> list[Lifted]:
    beta, threshold = get(one, "beta", 1), get(one, "threshold", 20)
    changed = {} if (beta, threshold) == (1, 20) else {"beta": beta, "threshold": threshold}
    return step("softplus", one, [operand(program, one)], **changed)


@rule("gelu")
def gelu(program: Program, one: Instruction) -> list[Lifted]:
    approximate = get(one, "approximate", "none")
    return step("gelu", one, [operand(program, one)], approximate=None if approximate == "none" else approximate)


@rule("prelu", "_prelu_kernel")
def prelu(program: Program, one: Instruction) -> list[Lifted]:
    name = tensor(one, "weight")
    slopes = require_constant(program, name, "slopes")
    weights = {"weight": weight(program, name)}
    return [Lifted("prelu", {"num_parameters": slopes.size}, [operand(program, one)], one.outputs, weights)]


@rule("softmax", "_softmax", "log_softmax", "_log_softmax")
def softmax(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    rank = len(program.shape(x))
    place = one.attributes["dim"] % rank
    if place == 0:
        raise Refusal("it works along the batch")
    name = "log_softmax" if "log" in one.op else "softmax"
    return step(name, one, [x], dim=None if place == rank - 1 else place - 1)


@rule("hardtanh", "clamp", "clamp_min", "clamp_max")
def clamp(program: Program, one: Instruction) -> list[Lifted]:
    hard = "hardtanh" in one.op
    names = ("min_val", "max_val") if hard else ("min", "max")
    low, high = (one.attributes.get(name, side if hard else None) for name, side in zip(names, (-1, 1), strict=True))
    if any(not isinstance(bound, int | float | None) for bound in (low, high)):
        raise Refusal("its bounds are computed")
    value = operand(program, one)
    if (low, high) == (0, 6):
        return step("relu6", one, [value])
    if (low, high) == (0, None):
        return step("relu", one, [value])
    steps: list[Lifted] = []
    for place, (operator, bound) in enumerate((("maximum", low), ("minimum", high))):
        if bound is not None:
            constant, result = f"{one.outputs[0]}%bound{place}", f"{one.outputs[0]}%{place}"
            steps.append(Lifted("constant", {"value": plain(float(bound))}, [], [constant]))
            steps.append(Lifted(operator, {}, [value, constant], [result]))
            value = result
    return [*steps, *alias(value, one.outputs)]


BINARY = {name: name for name in ("add", "sub", "mul", "div", "maximum", "minimum")} | {"rsub": "sub"}


@rule(*BINARY, "add.Scalar", "mul.Scalar", "div.Scalar", "sub.Scalar")
def binary(program: Program, one: Instruction) -> list[Lifted]:
    name = one.op.split(".")[1].removesuffix("_")
    if get(one, "alpha", 1) != 1 or one.attributes.get("rounding_mode"):
        raise Refusal("it scales or rounds")
    left: Any = one.attributes.get("self")
    right: Any = one.attributes.get("other")
    if hasattr(left, "name") and hasattr(right, "name"):
        return arithmetic(program, one, BINARY[name], left.name, right.name)
    value, number = (left, right) if hasattr(left, "name") else (right, left)
    if not isinstance(number, int | float) or value is None or value.name in program.constants:
        raise Refusal("it reads no value")
    constant = f"{one.outputs[0]}%constant"
    integer: dict[str, Any] = {"dtype": "int64"} if program.metas[value.name].dtype == "int64" else {}
    pair = [value.name, constant]
    swapped = (name == "rsub") != (value is right)
    steps = [Lifted("constant", {"value": plain(number), **integer}, [], [constant])]
    return [*steps, Lifted(BINARY[name], {}, pair[::-1] if swapped else pair, one.outputs)]


@rule("pow.Tensor_Scalar", "square")
def power(program: Program, one: Instruction) -> list[Lifted]:
    exponent = get(one, "exponent", 2)
    if exponent not in (1, 2, 3, 4):
        raise Refusal("only small whole powers have a counterpart, as products")
    return step("mul", one, [operand(program, one)] * int(exponent))


@rule("neg")
def negative(program: Program, one: Instruction) -> list[Lifted]:
    minus = f"{one.outputs[0]}%constant"
    return [Lifted("constant", {"value": -1}, [], [minus]), *step("mul", one, [operand(program, one), minus])]


REDUCTIONS = {"mean": "reduce_mean", "sum": "reduce_sum", "amax": "reduce_max", "amin": "reduce_min"}
REDUCTIONS["linalg_vector_norm"] = "reduce_l2"


@rule("mean", "sum.dim_IntList", "amax", "amin", "linalg_vector_norm")
def reduction(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    if get(one, "ord", 2) != 2:
        raise Refusal("it is another norm than the Euclidean one")
    rank = len(program.shape(x))
    axes = one.attributes.get("dim")
    if axes is None or axes == []:
        raise Refusal("it reduces the batch, too")
    dims = tuple(sorted(axis % rank - 1 for axis in ([axes] if isinstance(axes, int) else axes)))
    if dims[0] < 0:
        raise Refusal("it reduces the batch")
    keep, name = get(one, "keepdim", False), one.op.split(".")[1]
    if name == "mean" and dims == (1, 2) and rank == 4:
        return mean_of_maps(one, x, keep)
    return step(REDUCTIONS[name], one, [x], dims=dims if len(dims) > 1 else dims[0], keepdim=keep or None)
