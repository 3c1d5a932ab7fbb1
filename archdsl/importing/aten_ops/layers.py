"""Layers: convolutions, linear layers, normalisation, pooling, attention."""

from __future__ import annotations

from typing import Any

from archdsl.importing.aten_ops.common import get, operand, rule, shown, sizes, tensor
from archdsl.importing.lifted import Lifted, Weight, alias
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import one_number, require_constant, short, step, tensors, weight


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Attributes without those that are None."""
    return {name: value for name, value in values.items() if value is not None}


def weights_of(program: Program, one: Instruction, names: dict[str, str]) -> dict[str, Weight]:
    """Weights of a step by argument; arguments that are None are left out. Raises Refusal for computed ones."""
    found = {}
    for ours, theirs in names.items():
        name = tensor(one, theirs)
        if name:
            require_constant(program, name, f"{theirs}s")
            found[ours] = weight(program, name)
    return found


@rule("conv1d.default", "conv2d.default", "conv1d.padding", "conv2d.padding")
def convolution(program: Program, one: Instruction) -> list[Lifted]:
    axes = 1 if "conv1d" in one.op else 2
    return _convolution(program, one, axes)


@rule("convolution.default")
def general_convolution(program: Program, one: Instruction) -> list[Lifted]:
    axes = len(program.shape(tensor(one, "weight"))) - 2
    if get(one, "transposed", False):
        return _transposed(program, one)
    return _convolution(program, one, axes)


def _convolution(program: Program, one: Instruction, axes: int) -> list[Lifted]:
    weights = weights_of(program, one, {"weight": "weight", "bias": "bias"})
    kernel = weights["weight"].array.shape
    if axes not in (1, 2) or len(kernel) != axes + 2:
        raise Refusal(f"it has {axes} spatial axes")
    dilation = sizes(one, "dilation", axes, 1)
    padding: Any = one.attributes.get("padding")
    if isinstance(padding, str):
        totals = [d * (k - 1) for d, k in zip(dilation, kernel[2:], strict=True)]
        even = all(total % 2 == 0 for total in totals)
        padding = None if padding == "valid" else one_number([t // 2 for t in totals]) if even else "same"
    else:
        padding = shown(one, "padding", axes, 0)
    attributes = {
        "out_channels": kernel[0],
        "kernel_size": one_number(kernel[2:]),
        "stride": shown(one, "stride", axes, 1),
        "padding": padding,
        "dilation": shown(one, "dilation", axes, 1),
        "groups": None if get(one, "groups", 1) == 1 else one.attributes["groups"],
        "bias": None if "bias" in weights else False,
    }
    return [Lifted(f"conv{axes}d", given(attributes), [operand(program, one)], one.outputs, weights)]


@rule("conv_transpose2d.input")
def transposed(program: Program, one: Instruction) -> list[Lifted]:
    return _transposed(program, one)


def _transposed(program: Program, one: Instruction) -> list[Lifted]:
    weights = weights_of(program, one, {"weight": "weight", "bias": "bias"})
    kernel, groups = weights["weight"].array.shape, get(one, "groups", 1)
    if len(kernel) != 4:
        raise Refusal(f"it has {len(kernel) - 2} spatial axes")
    attributes = {
        "out_channels": kernel[1] * groups,
        "kernel_size": one_number(kernel[2:]),
        "stride": shown(one, "stride", 2, 1),
        "padding": shown(one, "padding", 2, 0),
        "output_padding": shown(one, "output_padding", 2, 0),
        "dilation": shown(one, "dilation", 2, 1),
        "groups": None if groups == 1 else groups,
        "bias": None if "bias" in weights else False,
    }
    return [Lifted("conv_transpose2d", given(attributes), [operand(program, one)], one.outputs, weights)]


@rule("linear")
def linear(program: Program, one: Instruction) -> list[Lifted]:
    weights = weights_of(program, one, {"weight": "weight", "bias": "bias"})
    if weights["weight"].array.ndim != 2:
        raise Refusal("its weight is no matrix")
    attributes = {"out_features": weights["weight"].array.shape[0], "bias": None if "bias" in weights else False}
    return [Lifted("linear", given(attributes), [operand(program, one)], one.outputs, weights)]


@rule("addmm")
def affine(program: Program, one: Instruction) -> list[Lifted]:
    if get(one, "beta", 1) != 1 or get(one, "alpha", 1) != 1:
        raise Refusal("it scales what it adds")
    matrix = require_constant(program, tensor(one, "mat2"), "weights")
    bias = require_constant(program, tensor(one, "self"), "biases")
    weights = {"weight": Weight(tensor(one, "mat2"), matrix.T), "bias": Weight(tensor(one, "self"), bias)}
    attributes = {"out_features": matrix.shape[1]}
    return [Lifted("linear", attributes, [operand(program, one, "mat1")], one.outputs, weights)]


@rule("matmul", "bmm", "mm")
def product(program: Program, one: Instruction) -> list[Lifted]:
    left, right = tensor(one, "self"), tensor(one, "other", "mat2")
    if right in program.constants and program.constants[right].ndim == 2 and left not in program.constants:
        matrix = program.constants[right].T
        attributes = {"out_features": matrix.shape[0], "bias": False}
        return [Lifted("linear", attributes, [left], one.outputs, {"weight": Weight(right, matrix)})]
    ranks = [len(program.shape(name)) for name in (left, right)]
    if ranks[0] != ranks[1] or ranks[0] < 3:
        raise Refusal("it multiplies matrices that are not there once for each sample")
    steps, names = tensors(program, one, [left, right])
    return [*steps, *step("matmul", one, names)]


@rule("batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm", "native_batch_norm")
def batch_norm(program: Program, one: Instruction) -> list[Lifted]:
    if get(one, "training", False):
        raise Refusal("it is in training mode")
    x = operand(program, one)
    rank = len(program.sample(x))
    if rank not in (1, 2, 3):
        raise Refusal(f"it normalises a value of {rank + 1} dimensions")
    names = {name: name for name in ("weight", "bias", "running_mean", "running_var")}
    weights = weights_of(program, one, names)
    if "running_mean" not in weights:
        raise Refusal("it has no running statistics")
    attributes = {
        "eps": _unless(get(one, "eps", 1e-5), 1e-5),
        "momentum": _unless(get(one, "momentum", 0.1), 0.1),
        "affine": None if "weight" in weights else False,
        "bias": None if "bias" in weights or "weight" not in weights else False,
    }
    operator = "batch_norm2d" if rank == 3 else "batch_norm1d"
    return [Lifted(operator, given(attributes), [x], one.outputs[:1], weights)]


def _unless(value: float, default: float) -> float | None:
    return None if value == default else value


@rule("instance_norm")
def instance_norm(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    if len(program.sample(x)) != 3 or not get(one, "use_input_stats", True) or tensor(one, "running_mean"):
        raise Refusal("it normalises something else than images, or keeps statistics")
    weights = weights_of(program, one, {"weight": "weight", "bias": "bias"})
    attributes = {"eps": _unless(get(one, "eps", 1e-5), 1e-5), "affine": True if weights else None}
    return [Lifted("instance_norm2d", given(attributes), [x], one.outputs, weights)]


@rule("group_norm")
def group_norm(program: Program, one: Instruction) -> list[Lifted]:
    weights = weights_of(program, one, {"weight": "weight", "bias": "bias"})
    attributes = {
        "num_groups": one.attributes["num_groups"],
        "eps": _unless(get(one, "eps", 1e-5), 1e-5),
        "affine": None if weights else False,
        "bias": None if "bias" in weights or not weights else False,
    }
    return [Lifted("group_norm", given(attributes), [operand(program, one)], one.outputs, weights)]


@rule("layer_norm", "native_layer_norm")
def layer_norm(program: Program, one: Instruction) -> list[Lifted]:
    weights = weights_of(program, one, {"weight": "weight", "bias": "bias"})
    shape = tuple(one.attributes["normalized_shape"])
    attributes = {
        "normalized_shape": shape if len(shape) > 1 else None,
        "eps": _unless(get(one, "eps", 1e-5), 1e-5),
        "elementwise_affine": None if weights else False,
        "bias": None if "bias" in weights or not weights else False,
    }
    x = operand(program, one)
    if len(shape) >= len(program.shape(x)):
        raise Refusal("it goes over the batch")
    return [Lifted("layer_norm", given(attributes), [x], one.outputs[:1], weights)]


@rule("max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d", "max_pool2d_with_indices")
def pooling(program: Program, one: Instruction) -> list[Lifted]:
    name = one.op.split(".")[1]
    axes = 1 if "1d" in name else 2
    kernel = sizes(one, "kernel_size", axes, 1)
    stride = one.attributes.get("stride") or None
    indices = name.endswith("_with_indices") and len(one.outputs) > 1 and program.uses(one.outputs[1]) > 0
    padding = shown(one, "padding", axes, 0)
    attributes: dict[str, Any] = {
        "kernel_size": one_number(kernel),
        "stride": None if stride is None or sizes(one, "stride", axes, 1) == kernel else shown(one, "stride", axes, 0),
        "padding": padding,
        "ceil_mode": get(one, "ceil_mode", False) or None,
        "return_indices": indices or None,
    }
    if name.startswith("max"):
        attributes["dilation"] = shown(one, "dilation", axes, 1)
    else:
        attributes["count_include_pad"] = None if padding is None or get(one, "count_include_pad", True) else False
        attributes["divisor_override"] = one.attributes.get("divisor_override")
    outputs = one.outputs if indices else one.outputs[:1]
    return [Lifted(name.removesuffix("_with_indices"), given(attributes), [operand(program, one)], outputs)]


@rule("adaptive_avg_pool2d", "_adaptive_avg_pool2d", "adaptive_max_pool2d")
def adaptive(program: Program, one: Instruction) -> list[Lifted]:
    name = one.op.split(".")[1].lstrip("_")
    indices = name == "adaptive_max_pool2d" and len(one.outputs) > 1 and program.uses(one.outputs[1]) > 0
    attributes = {"output_size": one_number(sizes(one, "output_size", 2, 1)), "return_indices": indices or None}
    outputs = one.outputs if indices else one.outputs[:1]
    return [Lifted(name, given(attributes), [operand(program, one)], outputs)]


@rule("scaled_dot_product_attention")
def attention(program: Program, one: Instruction) -> list[Lifted]:
    names = [tensor(one, name) for name in ("query", "key", "value")]
    mask = tensor(one, "attn_mask")
    if mask:
        rank = len(program.shape(names[0]))
        if mask in program.constants or len(program.shape(mask)) != rank:
            raise Refusal("its mask is not computed for each sample")
        names.append(mask)
    attributes = {
        "dropout_p": get(one, "dropout_p", 0.0) or None,
        "is_causal": get(one, "is_causal", False) or None,
        "scale": one.attributes.get("scale"),
        "enable_gqa": get(one, "enable_gqa", False) or None,
    }
    return [Lifted("scaled_dot_product_attention", given(attributes), names, one.outputs)]


@rule("embedding")
def embedding(program: Program, one: Instruction) -> list[Lifted]:
    weights = weights_of(program, one, {"weight": "weight"})
    rows, columns = weights["weight"].array.shape
    padding = get(one, "padding_idx", -1)
    attributes = {"num_embeddings": rows, "embedding_dim": columns, "padding_idx": None if padding < 0 else padding}
    return [Lifted("embedding", given(attributes), [operand(program, one, "indices")], one.outputs, weights)]


@rule("dropout", "feature_dropout", "native_dropout")
def dropout(program: Program, one: Instruction) -> list[Lifted]:
    if get(one, "train", False):
        raise Refusal("it is in training mode")
    x, p = operand(program, one), float(get(one, "p", 0.5))
    if p == 0:
        return alias(x, one.outputs)
    images = "feature_dropout" in one.op and len(program.sample(x)) == 3
    return step("dropout2d" if images else "dropout", one, [x], p=short(p))


@rule("upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d")
def resample(program: Program, one: Instruction) -> list[Lifted]:
    mode = one.op.split(".")[1].removeprefix("upsample_").removesuffix("2d")
    factors = one.attributes.get("scale_factors") or [one.attributes.get(f"scales_{side}") for side in "hw"]
    wanted = one.attributes.get("output_size") or one.attributes.get("size")
    attributes: dict[str, Any] = {"mode": None if mode == "nearest" else mode}
    attributes["align_corners"] = get(one, "align_corners", False) or None
    if factors and all(factors):
        attributes["scale_factor"] = factors[0] if factors[0] == factors[-1] else tuple(factors)
    elif wanted:
        attributes["size"] = one_number(wanted)
    else:
        raise Refusal("its size is not known")
    return step("interpolate", one, [operand(program, one)], **attributes)
