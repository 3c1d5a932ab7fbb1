"""A network with other numbers of channels: each class of channels kept so many times.

A channel that is kept m times is copied m times where it is made. Whoever reads the copies gets the weights of the
channel in m shares that add up to them, so that the function stays the same (Net2Wider, arXiv:1511.05641, section 2.2).
A channel that is kept 0 times leaves all weights; the function is that of the network in which nobody reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archdsl.compression.channels import Channels
from archdsl.compression.errors import CompressionError
from archdsl.compression.weighted import Array, Arrays, WeightedGraph
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator
from archdsl.ops.registry import make, operators

CONVOLUTIONS = frozenset({"conv1d", "conv2d"})


@dataclass(frozen=True, eq=False)
class Copies:
    """How often each class is kept.

    Attributes:
        times: by number of the class.
        random: divides weights among copies.
    """

    times: Array
    random: np.random.Generator | None = None

    @classmethod
    def of(cls, channels: Channels, times: Mapping[int, int], random: np.random.Generator | None = None) -> Copies:
        """Every class once, but those in `times`."""
        every = np.ones(channels.atoms, dtype=np.int64)
        for number, count in times.items():
            every[number] = count
        return cls(every, random)


def resized_graph(graph: Graph, channels: Channels, copies: Copies) -> Graph:
    """The graph alone: enough to count its cost.

    Raises:
        CompressionError: if an operator cannot take the channels that would be left.
    """
    now: dict[Value, Value] = dict(zip(graph.inputs.values(), graph.inputs.values(), strict=True))
    result = Graph(graph.name, dict(graph.inputs), [], {}, graph.root)
    for node in graph.nodes:
        op = _resized_operator(node, channels, copies)
        made = result.add(op, [now[v] for v in node.operands], node.path, node.scope, node.span)
        for old, new in zip(node.outputs, made.outputs, strict=True):
            new.name = old.name
            now[old] = new
            if new.type.rank and new.type.shape[0] != len(channels.copied(old, copies.times)):
                raise CompressionError(f"`{node.path}` ({node.op.name}) cannot take other numbers of channels")
    result.outputs = {name: now[value] for name, value in graph.outputs.items()}
    return result


def resized(network: WeightedGraph, channels: Channels, copies: Copies) -> WeightedGraph:
    """The graph and its weights."""
    arrays: Arrays = {}
    for node in network.graph.nodes:
        if node.weights and node.path not in arrays:
            arrays[node.path] = _resized_weights(node, network.arrays[node.path], channels, copies)
    graph = resized_graph(network.graph, channels, copies)
    return WeightedGraph(graph, arrays, network.heads, network.notes)


def _resized_operator(node: Node, channels: Channels, copies: Copies) -> Operator:
    changed: dict[str, Any] = {}
    sizes = [len(channels.copied(value, copies.times)) for value in node.outputs]
    name = node.op.name
    if name in CONVOLUTIONS or name == "conv_transpose2d":
        changed["out_channels"] = sizes[0]
        if node.op.groups == node.operands[0].type.shape[0] > 1:  # type: ignore[attr-defined]
            changed["groups"] = len(channels.copied(node.operands[0], copies.times))
    elif name == "linear":
        changed["out_features"] = sizes[0] if node.outputs[0].type.rank == 1 else node.op.out_features  # type: ignore[attr-defined]
    elif name == "split" and node.op.dim % node.operands[0].type.rank == 0:  # type: ignore[attr-defined]
        changed["sizes"] = tuple(sizes)
    elif name == "prelu" and node.op.num_parameters > 1:  # type: ignore[attr-defined]
        changed["num_parameters"] = sizes[0]
    elif name == "reshape" and sizes[0] != node.outputs[0].type.shape[0]:
        changed["shape"] = (-1, *node.outputs[0].type.shape[1:])
    return _with(node.op, changed)


def _with(op: Operator, changed: Mapping[str, Any]) -> Operator:
    if all(getattr(op, name) == value for name, value in changed.items()):
        return op
    return make(operators()[op.name], {**op.changed(), **changed})


def _resized_weights(node: Node, arrays: Mapping[str, Array], channels: Channels, copies: Copies) -> dict[str, Array]:
    read, made = channels.copied(node.operands[0], copies.times), channels.copied(node.outputs[0], copies.times)
    width, height = node.operands[0].type.shape[0], node.outputs[0].type.shape[0]
    if len(read) == width and len(made) == height and (copies.times == 1).all():
        return dict(arrays)
    name = node.op.name
    if name in CONVOLUTIONS:
        return _convolution(node, arrays, read, made, copies)
    if name == "conv_transpose2d":
        weight = _divided(arrays["weight"][:, made], 0, read, copies.random)
        return _same_types(arrays, {**_rows(arrays, ("bias",), made), "weight": weight})
    if name == "linear":
        if node.operands[0].type.rank != 1:
            return dict(arrays)
        weight = _divided(arrays["weight"][made], 1, read, copies.random)
        return _same_types(arrays, {**_rows(arrays, ("bias",), made), "weight": weight})
    return {key: array[made] if array.shape[:1] == (height,) else array for key, array in arrays.items()}


def _convolution(node: Node, arrays: Mapping[str, Array], read: Array, made: Array, copies: Copies) -> dict[str, Array]:
    groups: int = node.op.groups  # type: ignore[attr-defined]
    weight = arrays["weight"][made]
    width = node.operands[0].type.shape[0] // groups
    if width > 1:  # the channels of every group are the same places in it
        weight = _divided(weight, 1, read[read < width], copies.random)
    elif groups == 1:
        weight = _divided(weight, 1, read, copies.random)
    return _same_types(arrays, {**_rows(arrays, ("bias",), made), "weight": weight})


def _rows(arrays: Mapping[str, Array], names: Sequence[str], index: Array) -> dict[str, Array]:
    return {name: arrays[name][index] for name in names if name in arrays}


def _same_types(before: Mapping[str, Array], after: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.ascontiguousarray(array, dtype=before[name].dtype) for name, array in after.items()}


def _divided(weight: Array, axis: int, index: Array, random: np.random.Generator | None) -> Array:
    """The weight for readers of copies: `index` says which channel each is a copy of.

    The copies of a channel add up to its weight. So that they do after rounding as well, the last one is the remainder.
    """
    whole = np.moveaxis(weight, axis, 0)
    shares = _shares(index, random).reshape(-1, *[1] * (weight.ndim - 1))
    parts: Array = (whole[index] * shares).astype(weight.dtype)
    if random is not None and len(index):
        total = np.zeros(whole.shape)
        np.add.at(total, index, parts.astype(np.float64))
        last = np.array(list({channel: place for place, channel in enumerate(index.tolist())}.values()))
        parts[last] = whole[index[last]] - (total[index[last]] - parts[last])
    return np.moveaxis(parts, 0, axis)


def _shares(index: Array, random: np.random.Generator | None) -> Array:
    """For each copy its share of the weight: the shares of the copies of one channel add up to 1.

    They differ at random, so that the copies do not learn the same ever after.
    """
    drawn = np.ones(len(index)) if random is None else random.uniform(0.5, 1.5, len(index))
    total = np.zeros(int(index.max()) + 1 if len(index) else 0)
    np.add.at(total, index, drawn)
    return np.asarray(drawn / total[index])
