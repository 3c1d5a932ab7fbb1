"""What PyTorch's autograd keeps from each operator's forward pass until its backward pass, for one sample.

An operator that isn't listed is taken to keep its operands and results: what most functions need. Weights aren't
listed: they are there anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from archdsl.ir.graph import Node
from archdsl.ops.families.pooling import Pooling
from archdsl.ops.lowering import Call


class Saved(NamedTuple):
    """What is kept.

    Attributes:
        operands, outputs: positions of those that are kept.
        floats, integers: elements of further tensors (masks, positions of maxima, padded copies).
    """

    operands: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    floats: int = 0
    integers: int = 0


_NOTHING = Saved()
_INPUT = Saved(operands=(0,))
_RESULT = Saved(outputs=(0,))

_KEEPING_NOTHING = """
    add add_bias anchors center_crop channel_shuffle chunk concat constant drop_path drop_path_mean flatten
    global_avg_pool2d identity interpolate mean pad pad_channels permute pixel_shuffle pixel_unshuffle reduce_mean
    reduce_sum reshape select slice split squeeze stack sub unsqueeze zero
"""
_KEEPING_INPUT = """
    batch_norm1d batch_norm2d elu embedding gelu group_norm hardsigmoid hardswish instance_norm2d layer_norm leaky_relu
    mish prelu relu6 scale selu silu softplus
"""
_KEEPING_RESULT = "exp log_softmax relu sigmoid softmax tanh"


def saved_by(node: Node) -> Saved:
    """What a node keeps, if its result needs a gradient."""
    rule = _RULES.get(node.op.name)
    if rule is None:
        return Saved(tuple(range(len(node.operands))), tuple(range(len(node.outputs))))
    return rule(node)


def _layer(node: Node) -> Saved:
    """The input of a convolution or linear layer; where it is padded outside, the padded copy."""
    result = node.op.torch(node.operand_types).result
    padded = result.args[0] if isinstance(result, Call) and result.args else None
    if isinstance(padded, Call) and padded.function == "F.pad":
        return Saved(floats=_padded(node))
    return _INPUT


def _padded(node: Node) -> int:
    op: Any = node.op
    x = node.operands[0].type
    window = op.window(x)
    sizes: list[int] = [size + sum(sides) for size, sides in zip(window.sizes, window.padding, strict=True)]
    return x.shape[0] * prod(sizes)


def _pooled(node: Node) -> Saved:
    """The input, and for maxima their positions."""
    op, made = node.op, node.outputs[0].type.elements
    positions = made if op.name.startswith("max") else 0
    if isinstance(op, Pooling) and not op.pads_itself(op.window(node.operands[0].type)):
        return Saved(floats=_padded(node), integers=positions)
    return Saved(operands=(0,), integers=0 if len(node.outputs) > 1 else positions)


def _adaptive_average(node: Node) -> Saved:
    return _NOTHING if set(node.outputs[0].type.shape[1:]) == {1} else _INPUT  # of size 1 it is a mean


def _adaptive_max(node: Node) -> Saved:
    return Saved(operands=(0,), integers=0 if len(node.outputs) > 1 else node.outputs[0].type.elements)


def _factors(node: Node) -> Saved:
    """All factors; of more than two, the products in between."""
    between = max(0, len(node.operands) - 2) * node.outputs[0].type.elements
    return Saved(operands=tuple(range(len(node.operands))), floats=between)


def _dropout(node: Node) -> Saved:
    p: float = getattr(node.op, "p", 0.0)
    x = node.operands[0].type
    if p == 0:
        return _NOTHING
    return Saved(floats=x.shape[0] if node.op.name == "dropout2d" else x.elements)


def _local_response(node: Node) -> Saved:
    """The input; the padded squares that are averaged; the base of the power and the power."""
    channels, *rest = node.operands[0].type.shape
    size: int = getattr(node.op, "size", 1)
    return Saved(operands=(0,), floats=((channels + size - 1) + 2 * channels) * prod(rest))


def _attention(node: Node) -> Saved:
    """Operands and result; the scores, where it doesn't run as one kernel that computes them again."""
    q, k, v = (value.type for value in node.operands[:3])
    one_kernel = q.rank == 3 and q.shape[-1] == k.shape[-1] == v.shape[-1]
    scores = q.elements // q.shape[-1] * k.shape[-2]
    everything = tuple(range(len(node.operands)))
    return Saved(everything, (0,), q.elements // q.shape[-1] if one_kernel else scores)


def _recurrent(node: Node) -> Saved:
    """Input and outputs; gates, states and their activations of every step, layer and direction."""
    op: Any = node.op
    steps = node.operands[0].type.shape[0]
    per_step = {"lstm": 6, "gru": 5, "rnn": 1}[op.name] * op.hidden_size
    return Saved((0,), (0,), steps * op.num_layers * op.directions * per_step)


def _cell(node: Node) -> Saved:
    op: Any = node.op
    return Saved(tuple(range(len(node.operands))), (0,), 5 * op.hidden_size)


_RULES: dict[str, Callable[[Node], Saved]] = {
    **dict.fromkeys(_KEEPING_NOTHING.split(), lambda node: _NOTHING),
    **dict.fromkeys(_KEEPING_INPUT.split(), lambda node: _INPUT),
    **dict.fromkeys(_KEEPING_RESULT.split(), lambda node: _RESULT),
    **dict.fromkeys(["conv1d", "conv2d", "conv_transpose2d", "linear"], _layer),
    "learned_group_conv2d": lambda node: _INPUT,  # and once, whatever the batch: the masked kernel
    **dict.fromkeys(["max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d"], _pooled),
    **dict.fromkeys(["dropout", "dropout2d"], _dropout),
    **dict.fromkeys(["mul", "div"], _factors),
    **dict.fromkeys(["lstm", "gru", "rnn"], _recurrent),
    **dict.fromkeys(["lstm_cell", "gru_cell"], _cell),
    **dict.fromkeys(["gather", "max_unpool2d"], lambda node: Saved(operands=(1,))),
    "adaptive_avg_pool2d": _adaptive_average,
    "adaptive_max_pool2d": _adaptive_max,
    "index_select": lambda node: _NOTHING,
    "local_response_norm": _local_response,
    "scaled_dot_product_attention": _attention,
    "top_k": lambda node: Saved(outputs=(1,)),
}
