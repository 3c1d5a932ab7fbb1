"""From nodes to calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.backends.torch import support
from archdsl.backends.torch.inference.leaves import Leaves
from archdsl.backends.torch.inference.planned import convolutions, pooling
from archdsl.backends.torch.inference.planned.activations import Activation, Call
from archdsl.backends.torch.inference.planned.layout import Layout, is_image
from archdsl.backends.torch.inference.planned.memory import Memory
from archdsl.backends.torch.members import lowering_of
from archdsl.backends.torch.printing import print_expression
from archdsl.ir.graph import Node
from archdsl.ops.families.convolution import Conv2d
from archdsl.ops.families.fused import Fused, FusedAffine
from archdsl.ops.families.linear import Linear
from archdsl.ops.families.pooling import MaxPooling

_PAIRS: dict[str, Callable[..., Tensor]] = {"add": torch.add, "mul": torch.mul, "maximum": torch.maximum}


def scratch_of(node: Node, samples: int) -> int:
    """Elements that each of the two working arrays needs for a node."""
    if isinstance(node.op, Conv2d):
        return convolutions.scratch_of(node, samples)
    if isinstance(node.op, MaxPooling) and is_image(node.operands[0]):
        return pooling.scratch_of(node, samples)
    return 0


def calls(node: Node, layout: Layout, memory: Memory, leaves: Leaves) -> list[Call]:
    """The calls that compute a node's outputs into their places."""
    if node.op.name == "concat" and is_image(node.outputs[0]):
        found = _concat(node, layout, memory)
    elif all(layout.is_within(value, node.operands[0]) for value in node.outputs) and len(node.operands) == 1:
        return []  # a view
    else:
        found = _special(node, memory, leaves)
    return _any(node, memory, leaves) if found is None else found


def _special(node: Node, memory: Memory, leaves: Leaves) -> list[Call] | None:
    """The calls of a node that has a better form than torch's function; None for the others."""
    op = node.op
    if isinstance(op, Conv2d):
        return convolutions.convolution(node, memory, leaves)
    if isinstance(op, MaxPooling) and is_image(node.operands[0]):
        return pooling.max_pool(node, memory)
    if isinstance(op, FusedAffine) and is_image(node.operands[0]):
        out = memory.pixels(node.outputs[0])
        weight, bias = leaves.tensor(node, "weight"), leaves.tensor(node, "bias")
        affine = partial(torch.addcmul, bias, memory.pixels(node.operands[0]), weight, out=out)
        return [affine, *Activation(op.activation, op.alpha).in_place(out)]
    if isinstance(op, Linear) and node.operands[0].type.rank == 1:
        return _linear(node, memory, leaves)
    images = all(is_image(value) for value in (*node.operands, *node.outputs))
    if op.name in _PAIRS and images and len(node.operands) > 1:
        first, *rest = [memory.pixels(value) for value in node.operands]
        out = memory.pixels(node.outputs[0])
        pairs = zip([first, *[out] * (len(rest) - 1)], rest, strict=True)
        if len({tuple(x.shape) for x in (first, *rest[1:])}) > 1 and len(rest) > 1:
            return None  # the result of a first pair may be smaller than the last one's
        return [partial(_PAIRS[op.name], a, b, out=out) for a, b in pairs]
    if op.name == "relu" and images:
        return [partial(torch.clamp_min, memory.pixels(node.operands[0]), 0.0, out=memory.pixels(node.outputs[0]))]
    if op.name == "global_avg_pool2d":
        return _mean(node, memory)
    return None


def _mean(node: Node, memory: Memory) -> list[Call]:
    x, out = memory.pixels(node.operands[0]), memory.value(node.outputs[0])
    return [partial(torch.mean, x, (1, 2), out=out.view(out.shape[0], -1))]


def _linear(node: Node, memory: Memory, leaves: Leaves) -> list[Call]:
    op = node.op
    assert isinstance(op, Linear)
    x, out = memory.value(node.operands[0]), memory.value(node.outputs[0])
    weight = leaves.tensor(node, "weight").t()
    activation = Activation(op.activation, op.alpha) if isinstance(op, Fused) else Activation()
    if op.bias:
        done: list[Call] = [partial(torch.addmm, leaves.tensor(node, "bias"), x, weight, out=out)]
    else:
        done = [partial(torch.mm, x, weight, out=out)]
    return done + activation.in_place(out)


def _concat(node: Node, layout: Layout, memory: Memory) -> list[Call] | None:
    """Copies of the parts that don't lie where they are joined."""
    if int(node.op.canonical_attributes(node.operand_types)["dim"]) != 0:
        return None
    out = memory.pixels(node.outputs[0])
    done: list[Call] = []
    channel = 0
    for value in node.operands:
        size = value.type.shape[0]
        there = out[..., channel : channel + size]
        if not layout.is_within(value, node.outputs[0]):
            done.append(partial(there.copy_, memory.pixels(value)))
        channel += size
    return done


def _any(node: Node, memory: Memory, leaves: Leaves) -> list[Call]:
    """torch's own function, its results copied into their places."""
    names = [f"x{i}" for i in range(len(node.operands))]
    module = leaves.module(node)
    text = print_expression(lowering_of(node).result, names, None if module is None else "module")
    bound: dict[str, Any] = {name: value for name, value in vars(support).items() if not name.startswith("_")}
    bound |= {"torch": torch, "nn": nn, "F": F, "self": SimpleNamespace(training=False), "module": module}
    function: Callable[..., Any] = eval(f"lambda {', '.join(names)}: {text}", bound)
    given = [memory.value(value) for value in node.operands]
    targets = [memory.value(value) for value in node.outputs]
    return [partial(_run, function, given, targets)]


def _run(function: Callable[..., Any], given: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
    made = function(*given)
    for target, result in zip(targets, [made] if len(targets) == 1 else made, strict=True):
        target.copy_(result)
