"""Which channels of a network belong together.

Every value gets an atom for each position of its first dimension. A convolution makes new atoms; batch norm,
activations and pooling hand them on; a sum makes one of the atoms it adds; concat lines them up; flatten repeats them.
So the channels that can only be removed or doubled together are one class of atoms, across residual sums, dense
connections, depthwise convolutions and channel shuffles. Where an operator is not known here, its channels are fixed.

Coupled classes: the groups of a grouped convolution, of a shuffle and of a chunk must stay equally large, so the j-th
channels of all groups are one class; such classes are `rigid` (they can be removed, not doubled).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from archdsl.compression.weighted import Array
from archdsl.ir.graph import Graph, Node, Value

Atoms: TypeAlias = Array

SAME_CHANNELS = frozenset({
    "relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "sigmoid", "hardsigmoid", "hardswish",
    "tanh", "exp", "softplus", "mish", "dropout", "dropout2d", "drop_path", "max_pool2d", "avg_pool2d", "max_pool1d",
    "avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "global_avg_pool2d", "interpolate", "identity",
    "batch_norm1d", "batch_norm2d", "instance_norm2d", "scale", "add_bias", "center_crop",
})  # fmt: skip
"""Operators whose channel i depends on channel i of their one operand alone."""

MERGES = frozenset({"add", "mul", "sub", "div", "mean", "maximum", "minimum", "drop_path_mean"})


class Channels:
    """The atoms of a graph's values and their classes.

    Attributes:
        of: atoms of each value, one for each position of dimension 0.
        makers: nodes that make atoms with weights: convolutions and linears.
    """

    def __init__(self, graph: Graph):
        self.of: dict[Value, Atoms] = {}
        self.makers: list[Node] = []
        self._parent: list[int] = []
        self._fixed: set[int] = set()
        self._rigid: set[int] = set()
        self._classes: dict[Value, Atoms] = {}
        self._weights: dict[str, tuple[Atoms, ...]] = {}
        for value in graph.inputs.values():
            self.of[value] = self._new_fixed(value)
        for node in graph.nodes:
            self._visit(node)
        for value in graph.outputs.values():
            self._fix(self.of[value])

    def classes(self, value: Value) -> Atoms:
        """The class of each channel of a value."""
        if value not in self._classes:
            self._classes[value] = np.array([self.find(atom) for atom in self.of[value].tolist()], dtype=np.int64)
        return self._classes[value]

    def find(self, atom: int) -> int:
        """The class of an atom."""
        root = atom
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[atom] != root:
            self._parent[atom], atom = root, self._parent[atom]
        return root

    def fixed(self) -> set[int]:
        """Classes that must stay as they are."""
        return {self.find(atom) for atom in self._fixed}

    def rigid(self) -> set[int]:
        """Classes whose members lie in groups that must stay equally large."""
        return {self.find(atom) for atom in self._rigid}

    @property
    def atoms(self) -> int:
        """How many atoms there are; classes are numbers below that."""
        return len(self._parent)

    def copied(self, value: Value, times: Array) -> Array:
        """Which channel of the value each channel is once every class is there as often as `times` says, by number.

        Copies of a channel stand behind one another; a channel that was flattened is copied as a whole.
        """
        atoms = self.of[value]
        counts = times[self.classes(value)]
        if (counts <= 1).all():
            return np.flatnonzero(counts)
        parts = np.split(np.arange(len(atoms)), _runs(atoms) + 1)
        return np.concatenate([np.tile(part, counts[part[0]]) for part in parts])

    def _new(self, count: int) -> Atoms:
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        return np.arange(first, first + count)

    def _new_fixed(self, value: Value) -> Atoms:
        atoms = self._new(value.type.shape[0] if value.type.rank else 0)
        self._fix(atoms)
        return atoms

    def _fix(self, atoms: Iterable[int]) -> None:
        self._fixed.update(int(atom) for atom in atoms)

    def _unite(self, one: Atoms, other: Atoms) -> None:
        if not np.array_equal(_runs(one), _runs(other)):
            self._rigid.update([*one.tolist(), *other.tolist()])
        for a, b in zip(one.tolist(), other.tolist(), strict=True):
            self._parent[self.find(a)] = self.find(b)

    def _couple(self, atoms: Atoms, groups: int) -> None:
        """The j-th channels of all groups become one class."""
        rows = atoms.reshape(groups, -1)
        for row in rows[1:]:
            self._unite(row, rows[0])
        if groups > 1:
            self._rigid.update(atoms.tolist())

    def _visit(self, node: Node) -> None:
        made = self._rule(node)(node)
        if made is None:
            for value in node.operands:
                self._fix(self.of[value])
            made = [self._new_fixed(value) for value in node.outputs]
        self.of.update(zip(node.outputs, made, strict=True))
        if node.weights:
            self._share(node)

    def _share(self, node: Node) -> None:
        """Nodes with one set of weights change alike."""
        own = (self.of[node.operands[0]], self.of[node.outputs[0]])
        known = self._weights.setdefault(node.path, own)
        if known is not own:
            for one, other in zip(known, own, strict=True):
                if len(one) == len(other):
                    self._unite(other, one)
                else:
                    self._fix([*one, *other])

    def _rule(self, node: Node) -> Callable[[Node], Sequence[Atoms] | None]:
        name = node.op.name
        if name in SAME_CHANNELS:
            return self._same
        if name in MERGES:
            return self._merge
        return getattr(self, f"_{name}", self._unknown)

    def _unknown(self, node: Node) -> None:
        return None

    def _same(self, node: Node) -> list[Atoms] | None:
        (x,) = node.operands
        alike = len(node.outputs) == 1 and node.outputs[0].type.rank and x.type.rank
        return [self.of[x]] if alike and node.outputs[0].type.shape[0] == x.type.shape[0] else None

    def _merge(self, node: Node) -> list[Atoms] | None:
        (out,) = node.outputs
        if any(v.type.rank != out.type.rank for v in node.operands) or not out.type.rank:
            return None
        full = [v for v in node.operands if v.type.shape[0] == out.type.shape[0]]
        for other in full[1:]:
            self._unite(self.of[other], self.of[full[0]])
        for value in set(node.operands) - set(full):
            self._fix(self.of[value])
        return [self.of[full[0]]] if full else None

    def _concat(self, node: Node) -> list[Atoms]:
        rank = node.outputs[0].type.rank
        if _dim(node) % rank == 0:
            for value in node.operands:
                if len(self.of[value]) == 1:  # beside its like it would look like a flattened channel
                    self._rigid.update(self.of[value].tolist())
            return [np.concatenate([self.of[v] for v in node.operands])]
        for other in node.operands[1:]:
            self._unite(self.of[other], self.of[node.operands[0]])
        return [self.of[node.operands[0]]]

    def _split(self, node: Node) -> list[Atoms]:
        x = node.operands[0]
        if _dim(node) % x.type.rank:
            return [self.of[x]] * len(node.outputs)
        sizes = [v.type.shape[0] for v in node.outputs]
        return list(np.split(self.of[x], np.cumsum(sizes)[:-1]))

    def _chunk(self, node: Node) -> list[Atoms] | None:
        x = node.operands[0]
        if _dim(node) % x.type.rank == 0:
            if x.type.shape[0] % len(node.outputs) or len(node.outputs) != _attribute(node, "chunks"):
                return None
            self._couple(self.of[x], len(node.outputs))
        return self._split(node)

    def _channel_shuffle(self, node: Node) -> list[Atoms]:
        atoms, groups = self.of[node.operands[0]], _attribute(node, "groups")
        self._couple(atoms, groups)
        return [atoms.reshape(groups, -1).T.reshape(-1)]

    def _flatten(self, node: Node) -> list[Atoms] | None:
        (x,), (out,) = node.operands, node.outputs
        if not x.type.rank or out.type.rank != 1:
            return None
        return [np.repeat(self.of[x], out.type.shape[0] // x.type.shape[0])]

    def _reshape(self, node: Node) -> list[Atoms] | None:
        """Flattening, and channels that only get further dimensions."""
        (x,), (out,) = node.operands, node.outputs
        if out.type.rank == 1:
            return self._flatten(node)
        if x.type.rank == 1 and out.type.rank and out.type.shape[0] == x.type.shape[0]:
            return [self.of[x]]
        return None

    def _squeeze(self, node: Node) -> list[Atoms] | None:
        x = node.operands[0]
        return self._same(node) if x.type.rank and x.type.shape[0] > 1 else None

    _unsqueeze = _squeeze

    def _reduce_mean(self, node: Node) -> list[Atoms] | None:
        x, dims = node.operands[0], _attribute(node, "dims")
        if dims is None or not x.type.rank or any(d % x.type.rank == 0 for d in dims):
            return None
        return [self.of[x]]

    _reduce_sum = _reduce_max = _reduce_min = _reduce_mean

    def _pad(self, node: Node) -> list[Atoms] | None:
        return self._same(node) if node.operands[0].type.rank == 3 and len(_attribute(node, "padding")) <= 4 else None

    def _pad_channels(self, node: Node) -> list[Atoms]:
        atoms = self.of[node.operands[0]]
        before = _attribute(node, "before")
        ends = self._new(node.outputs[0].type.shape[0] - len(atoms))
        self._fix(ends)
        return [np.concatenate([ends[:before], atoms, ends[before:]])]

    def _conv2d(self, node: Node) -> list[Atoms]:
        read, groups = self.of[node.operands[0]], _attribute(node, "groups")
        count = node.outputs[0].type.shape[0]
        if groups == len(read) == count > 1:
            return [read]
        self.makers.append(node)
        made = self._new(count)
        if groups > 1:
            self._couple_groups(read, made, groups)
        return [made]

    _conv1d = _conv2d

    def _couple_groups(self, read: Atoms, made: Atoms, groups: int) -> None:
        if groups == len(read):  # a multiplier: the outputs of a channel go with it
            self._unite(made, np.repeat(read, len(made) // groups))
            self._rigid.update(made.tolist())
            return
        self._couple(read, groups)
        self._couple(made, groups)

    def _conv_transpose2d(self, node: Node) -> list[Atoms] | None:
        if _attribute(node, "groups") != 1:
            return None
        self.makers.append(node)
        return [self._new(node.outputs[0].type.shape[0])]

    def _linear(self, node: Node) -> list[Atoms] | None:
        if node.operands[0].type.rank != 1:
            return None
        self.makers.append(node)
        return [self._new(node.outputs[0].type.shape[0])]


def _runs(atoms: Atoms) -> Array:
    """Where another atom begins: flattening makes runs of one atom."""
    return np.flatnonzero(np.diff(atoms))


def _attribute(node: Node, name: str) -> Any:
    return getattr(node.op, name)


def _dim(node: Node) -> int:
    return int(_attribute(node, "dim"))
