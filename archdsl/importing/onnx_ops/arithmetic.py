"""Sums, products and the like."""

from __future__ import annotations

import numpy as np

from archdsl.importing.elementwise import arithmetic
from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.onnx_ops.common import RULES, scalar
from archdsl.importing.onnx_ops.normalization import affine_layer_norm
from archdsl.importing.onnx_ops.windows import linear
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import sample_of_constant, step, tensors, written

BINARY = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div"}


@RULES("Add")
def biased_product(program: Program, one: Instruction) -> list[Lifted] | None:
    """A matrix product with a learned matrix, and a bias behind it: a linear layer."""
    for product, bias in (one.inputs, one.inputs[::-1]):
        made = program.made_by(product, "MatMul")
        if made is None or bias not in program.constants or made.inputs[1] not in program.constants:
            continue
        matrix, vector = program.constants[made.inputs[1]], program.constants[bias]
        if matrix.ndim == 2 and vector.shape == matrix.shape[1:] and made.inputs[0] not in program.constants:
            found = linear(one, made.inputs[0], made.inputs[1], matrix.T, Weight(bias, vector))
            found.origin, found.scope = made, made.scope
            return [found]
    return None


@RULES("Add", "Mul")
def normalized(program: Program, one: Instruction) -> list[Lifted] | None:
    """The end of a layer normalisation that is written out."""
    return affine_layer_norm(program, one)


@RULES(*BINARY)
def binary(program: Program, one: Instruction) -> list[Lifted]:
    return arithmetic(program, one, BINARY[one.op], *one.inputs)


@RULES("Sum", "Max", "Min", "Mean")
def variadic(program: Program, one: Instruction) -> list[Lifted]:
    operator = {"Sum": "add", "Max": "maximum", "Min": "minimum", "Mean": "mean"}[one.op]
    if len(one.inputs) == 2 and any(name in program.constants for name in one.inputs) and operator != "mean":
        return arithmetic(program, one, operator, *one.inputs)
    if len({len(program.shape(name)) for name in one.inputs}) > 1:
        raise Refusal("its operands differ in rank, so that the batch of one meets another dimension")
    steps, names = tensors(program, one, one.inputs)
    return [*steps, *step(operator, one, names)]


@RULES("Pow")
def power(program: Program, one: Instruction) -> list[Lifted]:
    exponent = scalar(program, one.inputs[1])
    if exponent is None or exponent not in (1.0, 2.0, 3.0, 4.0):
        raise Refusal("only small whole powers have a counterpart, as products")
    return step("mul", one, [one.inputs[0]] * int(exponent))


@RULES("Neg")
def negative(program: Program, one: Instruction) -> list[Lifted]:
    minus = f"{one.outputs[0]}%constant"
    return [Lifted("constant", {"value": -1}, [], [minus]), *step("mul", one, [one.inputs[0], minus])]


@RULES("Reciprocal")
def reciprocal(program: Program, one: Instruction) -> list[Lifted]:
    unit = f"{one.outputs[0]}%constant"
    return [Lifted("constant", {"value": 1}, [], [unit]), *step("div", one, [unit, one.inputs[0]])]


@RULES("Expand")
def expand(program: Program, one: Instruction) -> list[Lifted]:
    """A value repeated: the same numbers for every sample, or dimensions of size 1 enlarged."""
    source, shape = one.inputs[0], program.sample(one.outputs[0])
    if source in program.constants:
        if len(program.shape(source)) == len(shape) + 1:
            sample_of_constant(program, source)
        return written(program, one, source, one.outputs[0], shape)
    if len(program.shape(source)) != len(shape) + 1:
        raise Refusal("it adds a dimension in front of the batch")
    if program.sample(source) == shape:
        return step("identity", one, [source])
    zeros = f"{one.outputs[0]}%zeros"
    return [Lifted("constant", {"value": 0, "shape": shape}, [], [zeros]), *step("add", one, [source, zeros])]


@RULES("ConstantOfShape")
def filled(program: Program, one: Instruction) -> list[Lifted]:
    value = one.attributes.get("value", np.zeros(1, np.float32))
    shape = program.sample(one.outputs[0])
    kind = {"dtype": "int64"} if value.dtype == np.int64 else {}
    return [Lifted("constant", {"value": value.reshape(-1)[0].item(), "shape": shape, **kind}, [], one.outputs)]
