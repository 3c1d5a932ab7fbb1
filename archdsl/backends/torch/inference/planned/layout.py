"""Where values lie: one block of memory for all of them, joins of channels in place.

Images lie channels last. A value is a root, with memory of its own, or lies within another one:

- the parts of a concat of channels are written where the concat has them, so that it needs no copy;
- parts of channels (chunk, split, slice) and images of one pixel seen as vectors are views;
- a convolution that adds a value that nobody reads later adds to that value where it lies.

Roots whose lives don't overlap share memory: the largest are placed first, each at the lowest free place.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple, cast

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.families.fused import FusedConv2d

# Elements to which places are aligned: a cache line of float32.
ALIGNMENT = 16


class Place(NamedTuple):
    """The root that holds a value, and the channel at which it begins there."""

    root: Value
    channel: int


class Life(NamedTuple):
    """The first and the last step that use a root."""

    first: int
    last: int


class Layout:
    """The places of a graph's values.

    Attributes:
        steps: the nodes' numbers.
        size: elements, for one sample, of the whole block.
        offsets: of each root, in elements for one sample.
    """

    def __init__(self, graph: Graph, singly: int = 0):
        """The first `singly` nodes run once for each sample; what outlives them is kept from the first sample on."""
        self.graph = graph
        self.steps = {node: i for i, node in enumerate(graph.nodes)}
        self._within: dict[Value, Place] = {}
        for node in graph.nodes:
            for value, place in _views(node):
                self._within[value] = place
        for node in graph.nodes:
            self._join(node)
        self.lives = self._lives()
        self._add_in_place()
        for value, life in self.lives.items():
            if life.first < singly <= life.last:
                self.lives[value] = Life(-1, life.last)
            elif life.first < 0:
                self.lives[value] = Life(-1, max(life.last, singly - 1))
        self.offsets, self.size = _packed({v: (life, _elements(v)) for v, life in self.lives.items() if is_planned(v)})

    def place(self, value: Value) -> Place:
        """Where a value lies."""
        channel = 0
        while value in self._within:
            value, more = self._within[value]
            channel += more
        return Place(value, channel)

    def only_before(self, step: int) -> frozenset[Value]:
        """The roots that no step from this one on uses, and that are no inputs."""
        return frozenset([value for value, life in self.lives.items() if life.first >= 0 and life.last < step])

    def is_within(self, value: Value, other: Value) -> bool:
        """Whether a value lies in the memory of another one."""
        return value in self._within and self._within[value].root is other

    def _join(self, node: Node) -> None:
        """Put the parts of a concat of channels into it, unless they lie elsewhere already."""
        if node.op.name != "concat" or not is_image(node.outputs[0]) or _dim(node) != 0:
            return
        channel = 0
        for value in node.operands:
            if value not in self._within and node.operands.count(value) == 1:
                self._within[value] = Place(node.outputs[0], channel)
            channel += value.type.shape[0]

    def _lives(self) -> dict[Value, Life]:
        found: dict[Value, Life] = {}

        def use(value: Value, step: int) -> None:
            root = self.place(value).root
            life = found.get(root, Life(step, step))
            found[root] = Life(min(life.first, step), max(life.last, step))

        for value in self.graph.inputs.values():
            use(value, -1)
        for node, step in self.steps.items():
            for value in (*node.operands, *node.outputs):
                use(value, step)
        for value in self.graph.outputs.values():
            use(value, len(self.steps))
        return found

    def _add_in_place(self) -> None:
        for node, step in self.steps.items():
            if not isinstance(node.op, FusedConv2d) or len(node.operands) != 2:
                continue
            (x, residual), out = node.operands, node.outputs[0]
            root, channel = self.place(residual)
            ends = self.lives[root].last == step and channel == 0 and root.type == out.type
            if not ends or out in self._within or self.place(x).root is root:
                continue
            self._within[out] = Place(root, 0)
            later = self.lives.pop(out)
            self.lives[root] = Life(self.lives[root].first, later.last)


def is_image(value: Value) -> bool:
    """Whether a value is [C, H, W] in floats, which lies channels last."""
    return value.type.rank == 3 and is_planned(value)


def is_planned(value: Value) -> bool:
    """Whether a value lies in the common block; integers have memory of their own."""
    return value.type.dtype == "float32"


def _elements(value: Value) -> int:
    return prod(value.type.shape)


def _dim(node: Node) -> int:
    return int(node.op.canonical_attributes(node.operand_types)["dim"])


def _views(node: Node) -> Iterator[tuple[Value, Place]]:
    """Outputs that are parts of an operand's channels, or the operand seen otherwise."""
    source = node.operands[0] if len(node.operands) == 1 else None
    if source is None or not is_image(source):
        return
    name = node.op.name
    if name in ("chunk", "split") and _dim(node) == 0:
        channel = 0
        for value in node.outputs:
            yield value, Place(source, channel)
            channel += value.type.shape[0]
    elif name == "slice" and _dim(node) == 0:
        given = node.op.canonical_attributes(node.operand_types)
        if given["step"] == 1:
            yield node.outputs[0], Place(source, cast(int, given["start"]) % source.type.shape[0])
    elif (
        name in ("flatten", "reshape", "squeeze") and source.type.shape[1:] == (1, 1) and node.outputs[0].type.rank == 1
    ):
        yield node.outputs[0], Place(source, 0)


def _packed(wanted: dict[Value, tuple[Life, int]]) -> tuple[dict[Value, int], int]:
    """Offsets such that what lives at the same time lies apart, and the end of it all."""
    offsets: dict[Value, int] = {}
    placed: list[tuple[int, int, Life]] = []
    end = 0
    for value, (life, size) in sorted(wanted.items(), key=lambda item: -item[1][1]):
        size = -(-size // ALIGNMENT) * ALIGNMENT
        start = 0
        for low, high, other in placed:  # by ascending start
            if other.first <= life.last and life.first <= other.last and low < start + size and start < high:
                start = high
        offsets[value] = start
        placed.append((start, start + size, life))
        placed.sort(key=lambda each: each[0])
        end = max(end, start + size)
    return offsets, end
