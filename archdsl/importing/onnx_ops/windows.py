"""Convolutions, matrices with learned entries, pooling."""

from __future__ import annotations

import numpy as np

from archdsl.importing.einsum import summed_product
from archdsl.importing.elementwise import mean_of_maps
from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.onnx_ops.common import RULES, integers, numbers, operand
from archdsl.importing.program import Array, Instruction, Program, Refusal
from archdsl.importing.rules import one_number, require_constant, require_tensor, step, tensors, weight, window_padding


def padding_of(program: Program, one: Instruction, kernel: list[int]) -> int | tuple[int, ...]:
    """The padding of a window, with `auto_pad` resolved."""
    axes = len(kernel)
    mode = one.attributes.get("auto_pad", "NOTSET")
    if mode in ("NOTSET", ""):
        pads = numbers(one, "pads", [0] * 2 * axes)
        return window_padding(pads[:axes], pads[axes:])
    if mode == "VALID":
        return 0
    sizes = program.sample(one.inputs[0])[1:]
    strides, dilations = numbers(one, "strides", [1] * axes), numbers(one, "dilations", [1] * axes)
    before, after = [], []
    for size, k, s, d in zip(sizes, kernel, strides, dilations, strict=True):
        total = max(0, (-(-size // s) - 1) * s + d * (k - 1) + 1 - size)
        first = total // 2 if mode == "SAME_UPPER" else total - total // 2
        before.append(first)
        after.append(total - first)
    return window_padding(before, after)


@RULES("Conv")
def convolution(program: Program, one: Instruction) -> list[Lifted]:
    kernel = require_constant(program, one.inputs[1], "weights")
    axes = kernel.ndim - 2
    if axes not in (1, 2):
        raise Refusal(f"it has {axes} spatial axes")
    size = list(kernel.shape[2:])
    given = {"out_channels": kernel.shape[0], "kernel_size": one_number(size)}
    made = Lifted(f"conv{axes}d", given, one.inputs[:1], one.outputs)
    attributes = {
        "stride": (one_number(numbers(one, "strides", [1] * axes)), 1),
        "padding": (padding_of(program, one, size), 0),
        "dilation": (one_number(numbers(one, "dilations", [1] * axes)), 1),
        "groups": (int(one.attributes.get("group", 1)), 1),
    }
    made.attributes = {**made.attributes, **{name: v for name, (v, default) in attributes.items() if v != default}}
    _with_bias(program, one, made)
    return [made]


def _with_bias(program: Program, one: Instruction, made: Lifted) -> None:
    made.weights = {"weight": weight(program, one.inputs[1])}
    bias = operand(one, 2)
    if bias:
        require_constant(program, bias, "biases")
        made.weights = {**made.weights, "bias": weight(program, bias)}
    else:
        made.attributes = {**made.attributes, "bias": False}


@RULES("ConvTranspose")
def transposed(program: Program, one: Instruction) -> list[Lifted]:
    kernel = require_constant(program, one.inputs[1], "weights")
    if kernel.ndim != 4:
        raise Refusal(f"it has {kernel.ndim - 2} spatial axes")
    if one.attributes.get("auto_pad", "NOTSET") != "NOTSET" or one.attributes.get("output_shape"):
        raise Refusal("its padding is left to the runtime")
    groups = int(one.attributes.get("group", 1))
    attributes = {
        "stride": (one_number(numbers(one, "strides", [1, 1])), 1),
        "padding": (padding_of(program, one, list(kernel.shape[2:])), 0),
        "output_padding": (one_number(numbers(one, "output_padding", [0, 0])), 0),
        "dilation": (one_number(numbers(one, "dilations", [1, 1])), 1),
        "groups": (groups, 1),
    }
    given = {"out_channels": kernel.shape[1] * groups, "kernel_size": one_number(list(kernel.shape[2:]))}
    given |= {name: value for name, (value, default) in attributes.items() if value != default}
    made = Lifted("conv_transpose2d", given, one.inputs[:1], one.outputs)
    _with_bias(program, one, made)
    return [made]


@RULES("Gemm")
def gemm(program: Program, one: Instruction) -> list[Lifted]:
    x, matrix = require_tensor(program, one.inputs[0]), require_constant(program, one.inputs[1], "weights")
    if one.attributes.get("transA") or one.attributes.get("alpha", 1.0) != 1.0:
        raise Refusal("it transposes or scales what it reads")
    rows = matrix if one.attributes.get("transB") else matrix.T
    bias = operand(one, 2)
    if not bias:
        return [linear(one, x, one.inputs[1], rows)]
    if one.attributes.get("beta", 1.0) != 1.0:
        raise Refusal("it scales its bias")
    vector = np.broadcast_to(require_constant(program, bias, "biases").reshape(-1), rows.shape[:1])
    return [linear(one, x, one.inputs[1], rows, Weight(bias, vector))]


def linear(one: Instruction, x: str, source: str, rows: Array, bias: Weight | None = None) -> Lifted:
    """The step `linear` with this matrix."""
    attributes = {"out_features": rows.shape[0]} | ({} if bias else {"bias": False})
    weights = {"weight": Weight(source, rows)} | ({"bias": bias} if bias else {})
    return Lifted("linear", attributes, [x], one.outputs, weights)


@RULES("MatMul")
def matrix_product(program: Program, one: Instruction) -> list[Lifted]:
    left, right = one.inputs
    if right in program.constants and program.constants[right].ndim == 2 and left not in program.constants:
        return [linear(one, left, right, program.constants[right].T)]
    ranks = [len(program.shape(name)) for name in one.inputs]
    if ranks[0] != ranks[1] or ranks[0] < 3:
        raise Refusal("it multiplies matrices that are not there once for each sample")
    steps, names = tensors(program, one, one.inputs)
    return [*steps, *step("matmul", one, names)]


@RULES("Einsum")
def named_product(program: Program, one: Instruction) -> list[Lifted]:
    return summed_product(program, one, one.attributes["equation"], one.inputs)


@RULES("MaxPool")
def max_pool(program: Program, one: Instruction) -> list[Lifted]:
    if len(one.outputs) > 1 and one.outputs[1] and program.uses(one.outputs[1]):
        raise Refusal("its positions are used, which count through the whole batch")
    made = _pool(program, one, "max_pool")
    dilation = one_number(numbers(one, "dilations", [1]))
    if dilation != 1:
        made.attributes = {**made.attributes, "dilation": dilation}
    return [made]


@RULES("AveragePool")
def average_pool(program: Program, one: Instruction) -> list[Lifted]:
    if set(numbers(one, "dilations", [1])) != {1}:
        raise Refusal("it has a dilation")
    made = _pool(program, one, "avg_pool")
    if "padding" in made.attributes and not one.attributes.get("count_include_pad", 0):
        made.attributes = {**made.attributes, "count_include_pad": False}
    return [made]


def _pool(program: Program, one: Instruction, operator: str) -> Lifted:
    kernel = numbers(one, "kernel_shape", [])
    if len(kernel) not in (1, 2):
        raise Refusal(f"it has {len(kernel)} spatial axes")
    attributes: dict[str, object] = {"kernel_size": one_number(kernel)}
    strides = numbers(one, "strides", [1] * len(kernel))
    if strides != kernel:
        attributes["stride"] = one_number(strides)
    padding = padding_of(program, one, kernel)
    if padding != 0:
        attributes["padding"] = padding
    if one.attributes.get("ceil_mode"):
        attributes["ceil_mode"] = True
    return Lifted(f"{operator}{len(kernel)}d", attributes, one.inputs[:1], one.outputs[:1])


@RULES("GlobalAveragePool")
def global_average(program: Program, one: Instruction) -> list[Lifted]:
    return _global(program, one, "adaptive_avg_pool2d", "reduce_mean")


@RULES("GlobalMaxPool")
def global_maximum(program: Program, one: Instruction) -> list[Lifted]:
    return _global(program, one, "adaptive_max_pool2d", "reduce_max")


def _global(program: Program, one: Instruction, pooling: str, reduction: str) -> list[Lifted]:
    rank = len(program.sample(one.inputs[0]))
    if rank == 3:
        return step(pooling, one, one.inputs, output_size=1)
    return step(reduction, one, one.inputs, dims=tuple(range(1, rank)), keepdim=True)


REDUCTIONS = {f"Reduce{name}": f"reduce_{name.lower()}" for name in ("Mean", "Sum", "Max", "Min", "L2")}


@RULES(*REDUCTIONS)
def reduction(program: Program, one: Instruction) -> list[Lifted]:
    rank = len(program.sample(one.inputs[0])) + 1
    axes = integers(program, one, 1, "axes")
    if axes is None:
        if one.attributes.get("noop_with_empty_axes"):
            return step("identity", one, one.inputs[:1])
        raise Refusal("it reduces the batch, too")
    dims = tuple(sorted(axis % rank - 1 for axis in axes))
    if -1 in dims:
        raise Refusal("it reduces the batch")
    keep = bool(one.attributes.get("keepdims", 1))
    if one.op == "ReduceMean" and dims == (1, 2) and rank == 4:
        return mean_of_maps(one, one.inputs[0], keep)
    wanted = dims if len(dims) > 1 else dims[0]
    return step(REDUCTIONS[one.op], one, one.inputs[:1], dims=wanted, keepdim=keep or None)
