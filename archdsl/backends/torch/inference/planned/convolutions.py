"""Convolutions: matrix products, Winograd's filtering, or oneDNN's kernels writing where they are told."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from archdsl.backends.torch.inference.leaves import Leaves
from archdsl.backends.torch.inference.planned import choices, winograd
from archdsl.backends.torch.inference.planned.activations import Activation, Call
from archdsl.backends.torch.inference.planned.memory import Memory
from archdsl.ir.graph import Node
from archdsl.ops.families.convolution import Conv2d
from archdsl.ops.families.fused import FusedConv2d
from archdsl.ops.rules.windows import Window

# An activation as torch.ops.mkldnn names it: name, numbers, algorithm.
UNARY: dict[str, tuple[str, tuple[float, ...], str]] = {
    "none": ("none", (), ""),
    "relu": ("relu", (), ""),
    "relu6": ("hardtanh", (0.0, 6.0), ""),
    "leaky_relu": ("leaky_relu", (0.01,), ""),
    "gelu": ("gelu", (), "none"),
    "silu": ("swish", (), ""),
    "sigmoid": ("sigmoid", (), ""),
    "hardsigmoid": ("hardsigmoid", (), ""),
    "hardswish": ("hardswish", (), ""),
    "tanh": ("tanh", (), ""),
}
# oneDNN's sum takes no other activation behind it.
BEHIND_SUM = ("none", "relu")


class Layer(NamedTuple):
    """A convolution's node with its attributes resolved."""

    node: Node
    op: Conv2d
    window: Window
    activation: Activation

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Input channels, output channels, height and width of the output."""
        k, h, w = self.node.outputs[0].type.shape
        return self.node.operands[0].type.shape[0], k, h, w


def layer(node: Node) -> Layer:
    """The convolution of a node."""
    op = cast(Conv2d, node.op)
    activation = Activation(op.activation, op.alpha) if isinstance(op, FusedConv2d) else Activation()
    return Layer(node, op, op.window(node.operand_types[0]), activation)


def scratch_of(node: Node, samples: int) -> int:
    """Elements that each of the two working arrays needs for a convolution."""
    grid = choices.winograd_grid(node, samples)
    return 0 if grid is None else grid.scratch(max(layer(node).shape[:2]))


def convolution(node: Node, memory: Memory, leaves: Leaves) -> list[Call] | None:
    """The calls of a convolution; None for one that only torch's own can compute."""
    found = layer(node)
    grid = choices.winograd_grid(node, memory.samples)
    if grid is not None:
        return _winograd(found, grid, memory, leaves)
    if found.op.padding_mode != "zeros" or not found.window.symmetric:
        return None
    if _is_product(found, memory.samples):
        return _product(found, memory, leaves)
    return _direct(found, memory, leaves)


def _winograd(found: Layer, grid: winograd.Grid, memory: Memory, leaves: Leaves) -> list[Call]:
    node, op = found.node, found.op
    c, h, w = node.operand_types[0].shape

    def transform() -> winograd.Filters:
        bias = leaves.tensor(node, "bias") if op.bias else None
        return winograd.transformed(leaves.tensor(node, "weight"), bias, grid.tile)

    filters = leaves.once(("winograd", str(grid.tile), node.path), transform)
    before = (found.window.padding[0][0], found.window.padding[1][0])
    padded = memory.padded(c, *grid.padded, before, (h, w))
    out = memory.pixels(node.outputs[0])
    residual = memory.pixels(node.operands[1]) if len(node.operands) == 2 else None
    x = memory.pixels(node.operands[0])
    return winograd.calls(filters, x, out, before, padded, memory.scratch, found.activation, residual)


def _is_product(found: Layer, samples: int) -> bool:
    window = found.window
    plain = set(window.kernel) == {1} and set(window.stride) == {1} and not window.padded and found.op.groups == 1
    c, k, h, w = found.shape
    return plain and len(found.node.operands) == 1 and choices.is_product(samples * h * w, c, k)


def _product(found: Layer, memory: Memory, leaves: Leaves) -> list[Call]:
    """A 1x1 convolution: each pixel's channels times the weights."""
    node = found.node
    c, k, *_ = found.shape
    weight = leaves.once(("matrix", node.path), lambda: leaves.tensor(node, "weight").view(k, c).t().contiguous())
    x, out = memory.rows(node.operands[0]), memory.rows(node.outputs[0])
    if found.op.bias:
        done: list[Call] = [partial(torch.addmm, leaves.tensor(node, "bias"), x, weight, out=out)]
    else:
        done = [partial(torch.mm, x, weight, out=out)]
    return done + found.activation.in_place(out)


def _direct(found: Layer, memory: Memory, leaves: Leaves) -> list[Call]:
    """oneDNN's kernel, which adds to what is there: to the residual, or to zeros.

    Where an activation can't follow a sum, its result is copied instead.
    """
    node, op, window, activation = found
    places: list[Any] = [[before for before, _ in window.padding], list(window.stride), list(window.dilation)]
    samples = [memory.samples, *node.operand_types[0].shape]

    def pack() -> Tensor:
        weight = leaves.tensor(node, "weight")
        packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(weight, *places, op.groups, samples)
        return packed

    sizes = "x".join(map(str, samples))
    weight = leaves.once(("direct", node.path, sizes), pack)
    bias = leaves.tensor(node, "bias") if op.bias else None
    x, out = memory.value(node.operands[0]), memory.value(node.outputs[0])
    added = memory.value(node.operands[1]) if len(node.operands) == 2 else None
    if added is None and activation.name not in BEHIND_SUM and activation.name in UNARY:
        name, numbers, algorithm = UNARY[activation.name]
        given = list(numbers if activation.alpha is None else (activation.alpha,))
        single = partial(
            torch.ops.mkldnn._convolution_pointwise.default,
            *(x, weight, bias, *places, op.groups, name, given, algorithm),
        )
        return [lambda: out.copy_(single())]
    fused = activation.name in BEHIND_SUM
    behind: tuple[Any, ...] = ("relu", [], "") if activation.name == "relu" else (None, [], None)
    call = partial(
        torch.ops.mkldnn._convolution_pointwise_.binary,
        *(out, x, weight, bias, *places, op.groups, "add", 1.0, *behind),
    )
    if added is None:
        done: list[Call] = [out.zero_]
    else:
        done = [] if added.data_ptr() == out.data_ptr() else [partial(out.copy_, added)]
    return [*done, call, *([] if fused else activation.in_place(out))]
