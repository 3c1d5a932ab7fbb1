"""Activations: single nodes, and the compositions that exporters write for those that ONNX lacks."""

from __future__ import annotations

from math import pi, sqrt

from archdsl.importing.lifted import Lifted, Weight, alias
from archdsl.importing.onnx_ops.common import RULES, close, operand, plain_step, scalar, setting
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import axis_of, plain, require_constant, short, step

for _op, _name in {
    "Relu": "relu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "HardSwish": "hardswish",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Exp": "exp",
    "Mish": "mish",
    "Identity": "identity",
}.items():
    plain_step(_name, _op)


@RULES("Cast")
def cast(program: Program, one: Instruction) -> list[Lifted]:
    if program.metas[one.inputs[0]].dtype != program.metas[one.outputs[0]].dtype:
        raise Refusal("element types do not change within a network")
    return alias(one.inputs[0], one.outputs)


@RULES("LeakyRelu")
def leaky(program: Program, one: Instruction) -> list[Lifted]:
    return step("leaky_relu", one, one.inputs, negative_slope=short(one.attributes.get("alpha", 0.01)))


@RULES("Elu")
def elu(program: Program, one: Instruction) -> list[Lifted]:
    return step("elu", one, one.inputs, alpha=short(one.attributes.get("alpha", 1.0)))


@RULES("PRelu")
def prelu(program: Program, one: Instruction) -> list[Lifted]:
    slopes = require_constant(program, one.inputs[1], "slopes")
    channels = program.sample(one.inputs[0])[0]
    rank = len(program.shape(one.inputs[0]))
    placed = (1,) * (rank - slopes.ndim) + slopes.shape
    if slopes.size != 1 and placed != (1, channels, *(1,) * (rank - 2)):
        raise Refusal("its slopes are not one for each channel")
    made = step("prelu", one, one.inputs[:1], num_parameters=slopes.size)
    made[0].weights = {"weight": Weight(one.inputs[1], slopes.reshape(-1))}
    return made


@RULES("Gelu")
def gelu(program: Program, one: Instruction) -> list[Lifted]:
    return step("gelu", one, one.inputs, approximate="tanh" if one.attributes.get("approximate") == "tanh" else None)


@RULES("HardSigmoid")
def hardsigmoid(program: Program, one: Instruction) -> list[Lifted]:
    if not (close(one.attributes.get("alpha", 0.2), 1 / 6) and close(one.attributes.get("beta", 0.5), 0.5)):
        raise Refusal("its slope is not 1/6, or its offset not 1/2")
    return step("hardsigmoid", one, one.inputs)


@RULES("Softmax", "LogSoftmax")
def softmax(program: Program, one: Instruction) -> list[Lifted]:
    rank = len(program.shape(one.inputs[0]))
    axis = one.attributes.get("axis", -1 if program.opset >= 13 else 1)
    # Before opset 13 everything from the axis on was one dimension.
    if program.opset < 13 and axis % rank != rank - 1:
        raise Refusal("it goes over several dimensions")
    place = axis_of(axis, rank)
    name = "softmax" if one.op == "Softmax" else "log_softmax"
    return step(name, one, one.inputs, dim=None if place == rank - 2 else place)


@RULES("Dropout")
def dropout(program: Program, one: Instruction) -> list[Lifted]:
    if scalar(program, operand(one, 2)):
        raise Refusal("it is in training mode")
    ratio = setting(program, one, 1, "ratio")
    made = step("dropout", one, one.inputs[:1], p=0.5 if ratio is None else short(float(ratio)))
    made[0].outputs = one.outputs[:1]
    return made


@RULES("Clip")
def clip(program: Program, one: Instruction) -> list[Lifted]:
    low, high = (setting(program, one, place, name) for place, name in ((1, "min"), (2, "max")))
    bounds = [None if bound is None or abs(float(bound)) > 1e38 else float(bound) for bound in (low, high)]
    if bounds == [0.0, 6.0]:
        return step("relu6", one, one.inputs[:1])
    if bounds == [0.0, None]:
        return step("relu", one, one.inputs[:1])
    steps: list[Lifted] = []
    value = one.inputs[0]
    for place, (operator, bound) in enumerate(zip(("maximum", "minimum"), bounds, strict=True)):
        if bound is not None:
            written, result = f"{one.outputs[0]}%bound{place}", f"{one.outputs[0]}%{place}"
            steps.append(Lifted("constant", {"value": plain(bound)}, [], [written]))
            steps.append(Lifted(operator, {}, [value, written], [result]))
            value = result
    return [*steps, *alias(value, one.outputs)]


@RULES("Mul")
def gated(program: Program, one: Instruction) -> list[Lifted] | None:
    """x times a function of x: silu, hardswish, mish."""
    for x, gate in (one.inputs, one.inputs[::-1]):
        made = program.made_by(gate, "Sigmoid", "HardSigmoid", "Tanh")
        if made is None or x in program.constants:
            continue
        if made.op == "Sigmoid" and made.inputs[0] == x:
            return step("silu", one, [x])
        slope = made.op == "HardSigmoid" and close(made.attributes.get("alpha", 0.2), 1 / 6)
        if slope and close(made.attributes.get("beta", 0.5), 0.5) and made.inputs[0] == x:
            return step("hardswish", one, [x])
        inner = program.made_by(made.inputs[0], "Softplus") if made.op == "Tanh" else None
        if inner is not None and inner.inputs[0] == x:
            return step("mish", one, [x])
    return None


@RULES("Mul", "Div")
def piecewise(program: Program, one: Instruction) -> list[Lifted] | None:
    """hardswish and hardsigmoid written with Clip(x + 3, 0, 6) / 6."""
    number, values = factors(program, one)
    if not close(number, 1 / 6) or len(values) > 2:
        return None
    for place, value in enumerate(values):
        clipped = program.made_by(value, "Clip")
        if clipped is None or [scalar(program, operand(clipped, i)) for i in (1, 2)] != [0.0, 6.0]:
            continue
        shifted = program.made_by(clipped.inputs[0], "Add")
        inner = None if shifted is None else shift(program, shifted, 3.0)
        others = values[:place] + values[place + 1 :]
        if inner is not None and others == [inner]:
            return step("hardswish", one, [inner])
        if inner is not None and not others:
            return step("hardsigmoid", one, [inner])
    return None


@RULES("Mul", "Div")
def gaussian(program: Program, one: Instruction) -> list[Lifted] | None:
    """gelu: x * (1 + f(x)) / 2, however the three factors are brought together."""
    number, values = factors(program, one)
    if not close(number, 0.5) or len(values) != 2:
        return None
    for x, other in (values, values[::-1]):
        added = program.made_by(other, "Add")
        inner = None if added is None else shift(program, added, 1.0)
        function = None if inner is None else program.made_by(inner, "Erf", "Tanh")
        if function is None:
            continue
        if function.op == "Erf" and _scaled(program, function.inputs[0], x, sqrt(0.5)):
            return step("gelu", one, [x])
        if function.op == "Tanh" and _bent(program, function.inputs[0], x):
            return step("gelu", one, [x], approximate="tanh")
    return None


def factors(program: Program, one: Instruction) -> tuple[float, list[str]]:
    """A product as a number and the values in it; quotients by numbers count, products that others read don't."""
    number, values = 1.0, []
    queue = list(one.inputs) if one.op == "Mul" else [one.inputs[0]]
    if one.op == "Div":
        divisor = scalar(program, one.inputs[1])
        if not divisor:
            return 0.0, []
        number /= divisor
    while queue:
        name = queue.pop(0)
        constant, inner = scalar(program, name), program.made_by(name, "Mul", "Div")
        if constant is not None:
            number *= constant
        elif inner is not None:
            further, found = factors(program, inner)
            number *= further
            values += found
        else:
            values.append(name)
    return number, values


def shift(program: Program, one: Instruction, amount: float) -> str | None:
    """x of `x + amount`, if the addition is that."""
    for x, constant in (one.inputs, one.inputs[::-1]):
        if close(scalar(program, constant), amount) and x not in program.constants:
            return x
    return None


def _scaled(program: Program, name: str, x: str, factor: float) -> bool:
    """Whether a value is x times this number."""
    inner = program.made_by(name, "Mul", "Div")
    if inner is None:
        return False
    number, values = factors(program, inner)
    return close(number, factor) and values == [x]


def _bent(program: Program, name: str, x: str) -> bool:
    """Whether a value is sqrt(2 / pi) * (x + 0.044715 * x^3)."""
    outer = program.made_by(name, "Mul")
    if outer is None:
        return False
    number, values = factors(program, outer)
    total = program.made_by(values[0], "Add") if len(values) == 1 else None
    if not close(number, sqrt(2 / pi)) or total is None:
        return False
    cube = next((v for v in total.inputs if v != x), "")
    inner = program.made_by(cube, "Mul")
    if inner is None or x not in total.inputs:
        return False
    number, values = factors(program, inner)
    power = program.made_by(values[0], "Pow") if len(values) == 1 else None
    third = power is not None and power.inputs[0] == x and close(scalar(program, power.inputs[1]), 3.0)
    return close(number, 0.044715) and (third or values == [x, x, x])
