"""Collects what operators add to an ONNX graph: nodes, initializers, names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeAlias

import numpy as np

from archdsl.backends.onnx.notes import note_of
from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.ir.graph import Node
from archdsl.ir.naming import state_key
from archdsl.ops.onnx import Attribute

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(slots=True)
class OnnxNode:
    """One node of the model to be; lists because values are renamed before the model is written.

    `note` says which step it comes from (see `archdsl.backends.onnx.notes`).
    """

    name: str
    op_type: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute]
    note: str = ""


@dataclass
class Builder:
    """The `OnnxBuilder` that operators talk to.

    Attributes:
        state: weights by `state_dict` key.
        records: the nodes added so far, in topological order.
        initializers: weights by key, transformed weights and constants by a name of their own; equal ones stand once.
    """

    state: Mapping[str, Array]
    records: list[OnnxNode] = field(default_factory=list)
    initializers: dict[str, Array] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)
    _taken_by_nodes: dict[str, int] = field(default_factory=dict)
    _by_content: dict[tuple[object, ...], str] = field(default_factory=dict)
    _current: Node | None = None
    _pending: list[OnnxNode] = field(default_factory=list)
    _steps: int = 0

    def unique(self, wanted: str) -> str:
        """A name for a value: `wanted`, or with a number behind it if that is taken; it is taken from now on."""
        return _unique(wanted, self._taken)

    def copy(self, value: str, name: str) -> None:
        """Add a node that gives a value a second name."""
        self.records.append(OnnxNode(_unique(name, self._taken_by_nodes), "Identity", [value], [name], {}))

    def lower(self, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        """Add a node of our graph; gives the names of its outputs.

        A value that the operator makes is named by the node's path. An operator that becomes several ONNX nodes
        has those named `path/Type`.

        Raises:
            ArchdslError: E1001 if a weight is missing or has another shape; E1002 if ONNX lacks the operator.
        """
        self._current, self._pending = node, []
        try:
            made = list(node.op.onnx(self, inputs, node.operand_types))
        except NotImplementedError as error:
            message = f"`{node.op.name}` at `{node.path}` has no ONNX form"
            raise ArchdslError(Diagnostic("E1002", message, node.span, str(error))) from error
        if len(made) != len(node.outputs):
            raise ValueError(f"`{node.op.name}` at {node.path} makes {len(node.outputs)} values, not {len(made)}")
        renamed = self._settle(node, made)
        self.records.extend(self._pending)
        return tuple(renamed.get(name, name) for name in made)

    def _settle(self, node: Node, made: Sequence[str]) -> dict[str, str]:
        """Give the pending nodes and their values lasting names; gives the new name of each value."""
        results = set(made)
        renamed: dict[str, str] = {}
        note = note_of(self._steps, node)
        self._steps += 1
        for pending in self._pending:
            pending.note = note
            inner = f"{node.path}/{pending.op_type}"
            pending.name = _unique(node.path if len(self._pending) == 1 else inner, self._taken_by_nodes)
            pending.inputs = [renamed.get(name, name) for name in pending.inputs]
            for place, name in enumerate(pending.outputs):
                if name:
                    renamed[name] = self.unique(node.path if name in results else inner)
                    pending.outputs[place] = renamed[name]
        return renamed

    def node(self, op_type: str, *inputs: str, **attributes: Attribute) -> str:
        """See `OnnxBuilder`."""
        return self.nodes(op_type, *inputs, outputs=1, **attributes)[0]

    def nodes(self, op_type: str, *inputs: str, outputs: int, **attributes: Attribute) -> tuple[str, ...]:
        """See `OnnxBuilder`."""
        # Provisional names: no path begins with this character.
        names = [f"%{len(self._pending)}.{place}" for place in range(outputs)]
        given = list(inputs)
        while given and not given[-1]:
            given.pop()
        self._pending.append(OnnxNode("", op_type, given, list(names), attributes))
        return tuple(names)

    def weight(self, name: str, transform: Callable[[Array], Array] | None = None) -> str:
        """See `OnnxBuilder`."""
        key, array = self._weight(name)
        if transform is None:
            self.initializers[key] = array
            return key
        return self._initializer(np.asarray(transform(array), order="C"), (key,), f"{key}.transformed")

    def weights(self, names: Sequence[str], transform: Callable[..., Array]) -> str:
        """See `OnnxBuilder`."""
        found = [self._weight(name) for name in names]
        keys = tuple(key for key, _ in found)
        array = np.asarray(transform(*(array for _, array in found)), order="C")
        return self._initializer(array, keys, "+".join([keys[0], *names[1:]]))

    def constant(self, value: object, dtype: str = "int64") -> str:
        """See `OnnxBuilder`."""
        return self._initializer(np.asarray(value, dtype=dtype, order="C"), (), "constant")

    def _weight(self, name: str) -> tuple[str, Array]:
        """The key and the array of a weight of the current node, checked against what the operator declares."""
        node = self._current
        assert node is not None
        spec = next((spec for spec in node.weights if spec.name == name), None)
        if spec is None:
            raise ValueError(f"`{node.op.name}` at {node.path} has no weight `{name}`")
        key = state_key(node.path, name)
        if key not in self.state:
            raise ArchdslError(Diagnostic("E1001", f"the weights have no `{key}` of shape {list(spec.shape)}"))
        array = np.asarray(self.state[key], dtype=spec.dtype, order="C")
        if array.shape != spec.shape:
            message = f"weight `{key}` has shape {list(array.shape)}, not {list(spec.shape)}"
            raise ArchdslError(Diagnostic("E1001", message))
        return key, array

    def _initializer(self, array: Array, source: tuple[str, ...], wanted: str) -> str:
        """The initializer with this content and source; made under a name like `wanted` where there is none."""
        digest = sha256(array.tobytes()).digest()
        content = (source, array.dtype.str, array.shape, digest)
        if content not in self._by_content:
            name = self.unique(wanted)
            self.initializers[name] = array
            self._by_content[content] = name
        return self._by_content[content]


def _unique(wanted: str, taken: dict[str, int]) -> str:
    """`wanted`, or with the next free number behind it; `taken` remembers for each name the last number given."""
    name = wanted
    while name in taken:
        taken[wanted] += 1
        name = f"{wanted}_{taken[wanted]}"
    taken[name] = 1
    return name
