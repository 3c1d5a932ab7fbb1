"""What passes know of layers: the nodes whose output channels can be scaled, shifted, joined and reordered by weights.

The weight of a layer is [out, in / groups, ...] for convolutions and linear layers, [in, out / groups, ...] for
transposed convolutions, [channels] for `fused_affine`.
"""

from __future__ import annotations

from math import prod
from typing import cast

from archdsl.ir.graph import Node
from archdsl.ops.base import Operator
from archdsl.ops.families.average_pooling import AveragePooling
from archdsl.ops.families.convolution import Convolution
from archdsl.ops.rules.windows import Window

CONVOLUTIONS = frozenset({"conv1d", "conv2d", "fused_conv2d"})
LINEAR = frozenset({"linear", "fused_linear"})
TRANSPOSED = frozenset({"conv_transpose2d"})
AFFINE = frozenset({"fused_affine"})


def activation_of(op: Operator) -> str:
    """The fused activation; `none` for operators that have none."""
    return str(getattr(op, "activation", "none"))


def is_plain(node: Node) -> bool:
    """Whether nothing follows the sums of products: no activation, no residual."""
    return activation_of(node.op) == "none" and len(node.operands) == 1


def is_convolution(node: Node) -> bool:
    """A convolution along one or two axes, fused or not."""
    return node.op.name in CONVOLUTIONS


def is_vector_linear(node: Node) -> bool:
    """A linear layer on [features], whose features are its channels."""
    return node.op.name in LINEAR and node.operands[0].type.rank == 1


def is_affine(node: Node) -> bool:
    """A factor and a number per channel, with nothing behind."""
    return node.op.name in AFFINE and is_plain(node)


def convolution(node: Node) -> Convolution:
    """The operator of a convolution."""
    return cast(Convolution, node.op)


def window_of(node: Node) -> Window:
    """The window of a convolution or pooling over what it reads, shorthands resolved."""
    window: Window = node.op.window(node.operands[0].type)  # type: ignore[attr-defined]
    return window


def groups_of(node: Node) -> int:
    """Groups of a layer; 1 where it has none."""
    return int(getattr(node.op, "groups", 1))


def has_bias(node: Node) -> bool:
    """Whether the layer adds a learned number per channel."""
    return any(spec.name == "bias" for spec in node.weights)


def is_pointwise(node: Node) -> bool:
    """A convolution with one group and a window of one element that isn't padded; any stride."""
    if node.op.name not in CONVOLUTIONS or groups_of(node) != 1:
        return False
    window = window_of(node)
    return prod(window.kernel) == 1 and not window.padded


def is_depthwise(node: Node) -> bool:
    """A convolution that sees each channel by itself and makes one of it."""
    channels = node.operands[0].type.shape[0]
    return is_convolution(node) and groups_of(node) == channels == convolution(node).out_channels


def zero_padded(node: Node) -> bool:
    """Whether a convolution reads zeros beyond the borders."""
    return convolution(node).padding_mode == "zeros" and window_of(node).padded


def averages_exactly(node: Node) -> bool:
    """Whether each output is a weighted mean of inputs of its channel, so that it keeps constants."""
    if node.op.name in ("global_avg_pool2d", "adaptive_avg_pool2d", "interpolate"):
        return True
    if not isinstance(node.op, AveragePooling) or node.op.divided_by() is not None:
        return False
    return not (window_of(node).padded and node.op.counts_padding())
