"""Maxima over windows, one axis after the other.

Algebra: the maximum over a window is the maximum over its rows of the maxima over its columns. For a window of k x k
that is 2 (k - 1) comparisons for each output instead of k k - 1, each of them a call over whole images, which have
their channels innermost.

Side conditions: no dilation, no positions asked for, and along each axis an element of the window that lies inside the
input for all outputs (padding never wins, so the others only count where they lie inside).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from archdsl.backends.torch.inference.planned.activations import Call
from archdsl.backends.torch.inference.planned.memory import Memory
from archdsl.ir.graph import Node
from archdsl.ops.families.pooling import MaxPooling


class Tap(NamedTuple):
    """One element of the window along an axis: for outputs first to last, inputs start, start + stride, ..."""

    first: int
    last: int
    start: int


def max_pool(node: Node, memory: Memory) -> list[Call] | None:
    """The calls of a max pooling; None where the side conditions don't hold."""
    found = _taps(node)
    if found is None:
        return None
    rows, columns = found
    x, out = memory.pixels(node.operands[0]), memory.pixels(node.outputs[0])
    n, height, _, c = out.shape
    stride = _strides(node)
    between = out
    if len(columns) > 1 or stride[1] > 1:
        between = memory.scratch[0, : n * height * x.shape[2] * c].view(n, height, x.shape[2], c)
    done = _maxima(x, between, 1, rows, stride[0])
    return done if between is out else done + _maxima(between, out, 2, columns, stride[1])


def scratch_of(node: Node, samples: int) -> int:
    """Elements of the array between the two axes."""
    if _taps(node) is None:
        return 0
    c, height, _ = node.outputs[0].type.shape
    return samples * c * height * node.operand_types[0].shape[2]


def _strides(node: Node) -> tuple[int, ...]:
    assert isinstance(node.op, MaxPooling)
    return node.op.window(node.operand_types[0]).stride


def _taps(node: Node) -> tuple[list[Tap], list[Tap]] | None:
    op = node.op
    assert isinstance(op, MaxPooling)
    window = op.window(node.operand_types[0])
    if op.return_indices or set(window.dilation) != {1}:
        return None
    found: list[list[Tap]] = []
    for axis, outputs in enumerate(node.outputs[0].type.shape[1:]):
        taps = []
        stride, before, size = window.stride[axis], window.padding[axis][0], window.sizes[axis]
        for k in range(window.kernel[axis]):
            first = max(0, -(-(before - k) // stride))
            last = min(outputs - 1, (size - 1 + before - k) // stride)
            if first <= last:
                taps.append(Tap(first, last, first * stride - before + k))
        taps.sort(key=lambda tap: tap.first - tap.last)
        if not taps or taps[0].last - taps[0].first < outputs - 1:
            return None
        found.append(taps)
    return found[0], found[1]


def _maxima(x: Tensor, out: Tensor, axis: int, taps: list[Tap], stride: int) -> list[Call]:
    """The calls that put the maxima along one axis into out; the first tap reaches all of it."""

    def read(tap: Tap, first: int, last: int) -> Tensor:
        start = tap.start + (first - tap.first) * stride
        places = slice(start, start + (last - first) * stride + 1, stride)
        return x[:, places] if axis == 1 else x[:, :, places]

    whole = read(taps[0], taps[0].first, taps[0].last)
    if len(taps) == 1:
        return [partial(out.copy_, whole)]
    done: list[Call] = []
    for place, tap in enumerate(taps[1:]):
        part = slice(tap.first, tap.last + 1)
        target = out[:, part] if axis == 1 else out[:, :, part]
        other = read(taps[0], tap.first, tap.last) if place == 0 else target
        done.append(partial(torch.maximum, other, read(tap, tap.first, tap.last), out=target))
        if place == 0:
            done += _rest(out, whole, axis, tap)
    return done


def _rest(out: Tensor, whole: Tensor, axis: int, tap: Tap) -> list[Call]:
    """The calls that copy what a tap leaves out at both ends."""
    count = out.shape[axis]
    ends = [(0, tap.first), (tap.last + 1, count)]
    return [partial(out.narrow(axis, a, b - a).copy_, whole.narrow(axis, a, b - a)) for a, b in ends if b > a]
