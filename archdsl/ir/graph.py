"""The typed graph: nodes that apply an operator to ordered operands, in topological order.

The graph is stored as a plain list of nodes. Operand order and repetition live in the node (`add(x, x)` has two
operands), and weights are named by path: nodes with the same path share one set of weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from archdsl.diagnostics.span import Span
from archdsl.ops.base import Operator, WeightSpec, infer, weights_of
from archdsl.types import TensorType


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """One call of a cell (the root has no parent): where a node came from.

    Attributes:
        cell: the cell's name; the graph's name for the root.
        path: the weight path of the call, `features/stage[0]/feature[1]`; the root's is empty.
            Calls that share their weights have equal paths and are distinct scopes.
        span: the step that makes the call.
        round: for a call in a loop, which round and of how many (`round 2 of 4`); else empty.
    """

    cell: str
    path: str = ""
    parent: Scope | None = None
    span: Span | None = None
    round: str = ""


class Value:
    """A tensor in the graph: made by one node (or an input), read by any number of them.

    Attributes:
        type: shape of one sample and dtype.
        name: the name the spec gives it, or empty. Only a hint for readers: never identity.
        producer: the node that makes it; None for an input of the graph.
    """

    __slots__ = ("name", "producer", "type")

    def __init__(self, type: TensorType, name: str = "", producer: Node | None = None):
        self.type = type
        self.name = name
        self.producer = producer

    def __repr__(self) -> str:
        return f"Value({self.name or '_'}: {self.type})"


class Node:
    """One application of an operator.

    Attributes:
        op: the operator with its attributes; equal operators are one object.
        operands: what it reads, in order, repetitions included.
        outputs: what it makes; most operators make one value.
        path: the step's path, `stem/conv2d`. For an operator with weights it names the weights: equal paths share.
        scope: the cell call it was written in.
        span: the step in the file; None for nodes that a pass made.
    """

    __slots__ = ("op", "operands", "outputs", "path", "scope", "span")

    def __init__(
        self,
        op: Operator,
        operands: Sequence[Value],
        path: str,
        scope: Scope,
        span: Span | None = None,
    ):
        self.op = op
        self.operands = tuple(operands)
        self.path = path
        self.scope = scope
        self.span = span
        self.outputs = tuple(Value(t, "", self) for t in infer(op, self.operand_types))

    @classmethod
    def typed(
        cls, op: Operator, operands: Sequence[Value], types: Sequence[TensorType], path: str, scope: Scope
    ) -> Node:
        """A node whose outputs' types are known already."""
        node = cls.__new__(cls)
        node.op, node.operands, node.path, node.scope, node.span = op, tuple(operands), path, scope, None
        node.outputs = tuple([Value(kind, "", node) for kind in types])
        return node

    def moved(self, operands: Sequence[Value], path: str, scope: Scope) -> Node:
        """The same step elsewhere, reading operands of the same types."""
        node = Node.__new__(Node)
        node.op, node.operands, node.path, node.scope, node.span = self.op, tuple(operands), path, scope, self.span
        node.outputs = tuple([Value(value.type, value.name, node) for value in self.outputs])
        return node

    @property
    def operand_types(self) -> tuple[TensorType, ...]:
        """Types of the operands, in order."""
        return tuple([v.type for v in self.operands])

    @property
    def output_types(self) -> tuple[TensorType, ...]:
        """Types of the outputs, in order."""
        return tuple([v.type for v in self.outputs])

    @property
    def weights(self) -> tuple[WeightSpec, ...]:
        """The weights this node reads; empty for most operators."""
        return weights_of(self.op, self.operand_types)

    def __repr__(self) -> str:
        return f"Node({self.op.name} at {self.path})"


@dataclass(slots=True, eq=False)
class Graph:
    """A network: inputs, nodes in topological order, named outputs.

    Attributes:
        name: the network's name.
        inputs: values by their name in the file, in order.
        nodes: every node stands behind those it reads.
        outputs: values by name, in the order in which `forward` returns them.
        root: the scope of the file's own graph.
    """

    name: str
    inputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    root: Scope = field(default_factory=lambda: Scope(""))

    def add(
        self, op: Operator, operands: Sequence[Value], path: str, scope: Scope | None = None, span: Span | None = None
    ) -> Node:
        """Append a node.

        Raises:
            OperatorError: if the operator refuses the operands' types.
        """
        node = Node(op, operands, path, scope or self.root, span)
        self.nodes.append(node)
        return node

    def weights(self) -> Iterator[tuple[Node, WeightSpec]]:
        """Every weight once, with the first node that reads it, in order of definition."""
        seen: set[str] = set()
        for node in self.nodes:
            specs = node.weights
            if specs and node.path not in seen:
                seen.add(node.path)
                for spec in specs:
                    yield node, spec


def users(graph: Graph) -> dict[Value, list[Node]]:
    """For each value that is read, the nodes that read it (once for each operand place), in graph order."""
    found: dict[Value, list[Node]] = {}
    for node in graph.nodes:
        for value in node.operands:
            found.setdefault(value, []).append(node)
    return found


def rebuilt(graph: Graph, replaced: dict[Value, Value], dropped: Iterable[Node]) -> Graph:
    """The graph without the `dropped` nodes, each value in `replaced` read in place of its key.

    Nodes whose operands change are made anew (their types may change with them); paths, scopes and spans are kept.
    """
    gone = set(dropped)
    current = dict(replaced)

    def now(value: Value) -> Value:
        passed = []
        while value in current:
            passed.append(value)
            value = current[value]
        current.update(dict.fromkeys(passed, value))  # so that a long chain is walked once
        return value

    result = Graph(graph.name, dict(graph.inputs), [], {}, graph.root)
    for node in graph.nodes:
        if node in gone:
            continue
        operands = tuple(now(v) for v in node.operands)
        if operands == node.operands:
            result.nodes.append(node)
            continue
        made = result.add(node.op, operands, node.path, node.scope, node.span)
        for old, new in zip(node.outputs, made.outputs, strict=True):
            new.name = old.name
            current[old] = new
    result.outputs = {name: now(value) for name, value in graph.outputs.items()}
    return result
