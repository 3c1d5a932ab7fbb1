"""What passes share that make graphs anew: who reads a value, and a graph in the making."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archdsl.ir.graph import Graph, Node, Scope, Value, users
from archdsl.ir.naming import module_parts
from archdsl.ops.base import Operator, OperatorError, infer
from archdsl.ops.registry import every_operator, make
from archdsl.types import TensorType


class Reading:
    """Who reads what in a graph, and which nodes share weights.

    Attributes:
        readers: the nodes that read a value, once for each operand place.
        outputs: values that the network gives.
        sharing: nodes with weights by path.
    """

    def __init__(self, graph: Graph):
        self.readers = users(graph)
        self.outputs = frozenset(graph.outputs.values())
        self.sharing: dict[str, list[Node]] = {}
        for node in graph.nodes:
            if node.weights:
                self.sharing.setdefault(node.path, []).append(node)

    def sole_reader(self, value: Value) -> Node | None:
        """The one node that reads the value, once, if it is no output of the network."""
        readers = self.readers.get(value, ())
        return readers[0] if len(readers) == 1 and value not in self.outputs else None

    def is_shared(self, node: Node) -> bool:
        """Whether further nodes use this node's weights."""
        return len(self.sharing.get(node.path, ())) > 1

    def agreed(self, decide: Callable[[Node], Any]) -> dict[Node, Any]:
        """For nodes with weights, what `decide` says of them; None counts as nothing, and so does disagreement.

        Nodes that share weights are left out unless it says the same of all.
        """
        found: dict[Node, Any] = {}
        for nodes in self.sharing.values():
            said = [decide(node) for node in nodes]
            if said[0] is not None and all(each == said[0] for each in said):
                found.update(zip(nodes, said, strict=True))
        return found


class Rewriting:
    """A graph in the making: nodes of the old one are kept, left out or replaced, in order.

    Attributes:
        result: the new graph.
    """

    def __init__(self, graph: Graph):
        self.source = graph
        self.result = Graph(graph.name, dict(graph.inputs), [], {}, graph.root)
        self._replaced: dict[Value, Value] = {}

    def now(self, value: Value) -> Value:
        """What stands for an old value in the new graph."""
        return self._replaced.get(value, value)

    def all_now(self, values: Sequence[Value]) -> list[Value]:
        """What stands for old values, in order."""
        return [self._replaced.get(value, value) for value in values]

    def replace(self, old: Value, new: Value) -> None:
        """Let readers of the old value read the new one, which keeps its own name if it has one."""
        self._replaced[old] = new
        if not new.name and new.producer is not None:
            new.name = old.name

    def keep(self, node: Node, operands: Sequence[Value] | None = None) -> Node:
        """The node, made anew if its operands have changed."""
        now = self.all_now(node.operands) if operands is None else list(operands)
        if tuple(now) == node.operands:
            self.result.nodes.append(node)
            return node
        return self.put(node, node.op, now)

    def put(self, node: Node, op: Operator, operands: Sequence[Value], path: str | None = None) -> Node:
        """Another operator in the place of a node, with as many outputs."""
        made = self.result.add(op, operands, node.path if path is None else path, node.scope, node.span)
        for old, new in zip(node.outputs, made.outputs, strict=True):
            self.replace(old, new)
        return made

    def add(self, like: Node, op: Operator, operands: Sequence[Value], path: str, scope: Scope | None = None) -> Node:
        """A further node, which comes from the step of `like`."""
        return self.result.add(op, operands, path, scope or like.scope, like.span)

    def finish(self) -> Graph:
        """The new graph with its outputs."""
        self.result.outputs = {name: self.now(value) for name, value in self.source.outputs.items()}
        return self.result


class Paths:
    """Paths for weights that passes make: unlike all others of a graph, and the same each time."""

    def __init__(self, graph: Graph):
        self._taken: set[tuple[str | int, ...]] = set()
        for node in graph.nodes:
            self._take(node.path)

    def fresh(self, wanted: str) -> str:
        """`wanted`, or with the first free number behind it; taken from now on."""
        candidate, count = wanted, 1
        while module_parts(candidate) in self._taken:
            count += 1
            candidate = f"{wanted}_{count}"
        self._take(candidate)
        return candidate

    def _take(self, path: str) -> None:
        parts = module_parts(path)
        for length in range(1, len(parts) + 1):
            self._taken.add(parts[:length])


def made(name: str, attributes: Mapping[str, Any] | None = None) -> Operator:
    """The operator of this name with these attributes."""
    return make(every_operator()[name], attributes or {})


def changed(op: Operator, **attributes: Any) -> Operator:
    """The operator with some attributes replaced."""
    given = {name: getattr(op, name) for name in type(op).model_fields} | attributes
    return make(type(op), {name: value for name, value in given.items() if value is not None})


def fits(op: Operator, operands: Sequence[TensorType]) -> bool:
    """Whether the operator takes these operands."""
    try:
        infer(op, tuple(operands))
    except OperatorError:
        return False
    return True


def common_scope(nodes: Sequence[Node]) -> Scope:
    """The innermost cell call that all nodes lie in."""
    chains = [_chain(node.scope) for node in nodes]
    common = chains[0][0]
    for members in zip(*chains, strict=False):
        if any(scope is not members[0] for scope in members):
            break
        common = members[0]
    return common


def _chain(scope: Scope | None) -> list[Scope]:
    chain: list[Scope] = []
    while scope is not None:
        chain.append(scope)
        scope = scope.parent
    return chain[::-1]
