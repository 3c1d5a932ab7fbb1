"""What is matched: the tensors that one module holds, on our side and on theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from archdsl.ir.graph import Graph
from archdsl.ir.naming import module_path

Shape: TypeAlias = "tuple[int, ...]"
# What two units must have in common to be taken for each other.
Signature: TypeAlias = "tuple[tuple[str, Shape], ...]"

# A counter of training steps. Old checkpoints lack it, and evaluation does not read it.
COUNTER = "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class Unit:
    """The weights of one step of our network, or those below one dotted name of it (`out_proj` of attention).

    Attributes:
        prefix: what the keys of its tensors begin with, `stem.conv2d`.
        path: the step's path; it tells which nodes read the weights.
        inner: the dotted part of the weights' names, mostly empty.
        shapes: shape by the last part of the key, in the order of the `state_dict`.
    """

    prefix: str
    path: str
    inner: str
    shapes: dict[str, Shape]

    @property
    def signature(self) -> Signature:
        """See `signature_of`."""
        return signature_of(self.shapes)


def signature_of(shapes: Mapping[str, Shape]) -> Signature:
    """Names and shapes without counters. A tensor that is alone may have any name: `gamma` is as good as `weight`."""
    held = sorted((name, shape) for name, shape in shapes.items() if name != COUNTER)
    return (("", held[0][1]),) if len(held) == 1 else tuple(held)


def flattened(shape: Shape) -> Shape:
    """The shape without the kernel of a 1x1 convolution: on a vector it is a linear layer."""
    return shape[:2] if len(shape) > 2 and set(shape[2:]) == {1} else shape


def units_of(graph: Graph, flat: bool = False) -> list[Unit]:
    """The units of a network, in order of definition; shared weights once; with `flattened` shapes if so wanted."""
    found: dict[tuple[str, str], Unit] = {}
    for node, spec in graph.weights():
        inner, _, name = spec.name.rpartition(".")
        unit = found.get((node.path, inner))
        if unit is None:
            prefix = ".".join(filter(None, (module_path(node.path), inner)))
            unit = found[node.path, inner] = Unit(prefix, node.path, inner, {})
        unit.shapes[name] = flattened(spec.shape) if flat else spec.shape
    return list(found.values())


class Flow:
    """What feeds what, among units: sets of units as bits of an integer.

    Attributes:
        direct: for each unit, those it reads through nothing but steps without weights.
        above: for each unit, all that it depends on.
    """

    def __init__(self, graph: Graph, units: Iterable[Unit]):
        of_path: dict[str, int] = {}
        numbered = list(enumerate(units))
        for index, unit in numbered:
            of_path[unit.path] = of_path.get(unit.path, 0) | 1 << index
        by_path: dict[str, tuple[int, int]] = {}
        nearest: dict[object, int] = {}
        all_above: dict[object, int] = {}
        for node in graph.nodes:
            near = above = 0
            for value in node.operands:
                near |= nearest.get(value, 0)
                above |= all_above.get(value, 0)
            own = of_path.get(node.path, 0) if node.weights else 0
            if own:
                before = by_path.get(node.path, (0, 0))
                by_path[node.path] = (before[0] | near, before[1] | above)
            for value in node.outputs:
                nearest[value] = own or near
                all_above[value] = above | own
        self.direct = [by_path.get(unit.path, (0, 0))[0] for _, unit in numbered]
        self.above = [by_path.get(unit.path, (0, 0))[1] for _, unit in numbered]

    def reaches(self, one: range, other: range) -> bool:
        """Whether something in `other` depends on something in `one`."""
        mask = _mask(one)
        return any(self.above[index] & mask for index in other)

    def touches(self, one: range, other: range) -> bool:
        """Whether one of the two reads the other directly."""
        ours, theirs = _mask(one), _mask(other)
        return any(self.direct[i] & ours for i in other) or any(self.direct[i] & theirs for i in one)


def _mask(indices: range) -> int:
    return ((1 << len(indices)) - 1) << indices.start
