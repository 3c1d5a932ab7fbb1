"""What a tallied network would be built of: enough to name it by its canonical form without building it.

A blueprint has the operators of one call and the calls in it, tensors by number, weights by path within the call. The
blueprint of a remembered call is simplified once, whatever candidates it occurs in; that changes no canonical form,
because the network's own simplification would do the same. Places, scopes and spans are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ops.base import Operator
from archdsl.types import TensorType

# The number of the network's first input, which operators read that read nothing else.
FIRST_INPUT = -1
_SCOPE = Scope("")
# Calls of more operators occur too seldom to be worth it: they are left to the network's own simplification.
LARGE = 40


class Applied(NamedTuple):
    """An operator on tensors; `path` is that of its weights, empty without."""

    op: Operator
    operands: Sequence[Value]
    outputs: Sequence[Value]
    path: str


class Included(NamedTuple):
    """A call: the tensors that it reads and makes."""

    blueprint: Blueprint
    read: Sequence[Value]
    made: Sequence[Value]
    path: str


Part: TypeAlias = "Applied | Included"
Simplify: TypeAlias = "Callable[[Graph], Graph]"


class _Node(NamedTuple):
    """An operator; outputs are numbered in order, behind what the blueprint reads."""

    op: Operator
    operands: tuple[int, ...]
    types: tuple[TensorType, ...]
    path: str


class Blueprint:
    """What one call is built of. Nothing is computed before somebody asks.

    Attributes:
        read: the tensors that the call reads.
        parts: operators and calls in it, in order.
        given: the tensors that it gives and that are not read.
        sketches: what `archdsl.passes.sketches` remembers of it, by what of `read` is always zero.
    """

    __slots__ = ("_simplified", "_simplify", "given", "parts", "read", "sketches")

    def __init__(self, read: Sequence[Value], parts: Sequence[Part], given: Sequence[Value], simplify: Simplify):
        self.read, self.parts, self.given, self._simplify = read, parts, given, simplify
        self.sketches: dict[tuple[int, ...], Any] = {}
        self._simplified: _Flat | None = None

    @property
    def simplified(self) -> _Flat:
        """The operators that are left, and which of the tensors are given."""
        if self._simplified is None:
            self._simplified = self._made_simpler()
        return self._simplified

    def _made_simpler(self) -> _Flat:
        flat = _flattened(self.read, self.parts, self.given)
        if len(flat.nodes) > LARGE:
            return flat
        first = Value(TensorType((1,)))  # as the first one, it is what simplification lets constants read
        read = [Value(value.type) for value in self.read]
        graph = _graph(flat, {str(number): value for number, value in enumerate([first, *read])}, read, first)
        return _numbered(self._simplify(graph), first, read)

    def graph(self, inputs: Mapping[str, Value], outputs: Sequence[str]) -> Graph:
        """A network of this blueprint, whose canonical form is that of the one that would be built.

        Args:
            inputs: of the network: what the blueprint reads.
            outputs: names of what it gives.
        """
        read = list(inputs.values())
        graph = _graph(_flattened(self.read, self.parts, self.given), inputs, read, read[0])
        graph.outputs = dict(zip(outputs, graph.outputs.values(), strict=True))
        return graph


class _Flat(NamedTuple):
    """Operators in order, and the numbers of the tensors that are given."""

    nodes: list[_Node]
    given: tuple[int, ...]


def _flattened(read: Sequence[Value], parts: Sequence[Part], given: Sequence[Value]) -> _Flat:
    """The operators of a call and of the calls in it."""
    numbers = {id(value): number for number, value in enumerate(read)}
    nodes: list[_Node] = []
    count = len(read)
    for part in parts:
        if isinstance(part, Applied):
            if part.op.is_identity:  # tells what a step has handed on from what it has read
                numbers[id(part.outputs[0])] = numbers[id(part.operands[0])]
                continue
            operands = (FIRST_INPUT,) if part.op.reads_batch_size else tuple([numbers[id(v)] for v in part.operands])
            nodes.append(_Node(part.op, operands, tuple([value.type for value in part.outputs]), part.path))
            for value in part.outputs:
                numbers[id(value)] = count
                count += 1
            continue
        inner = part.blueprint.simplified
        now = [numbers[id(value)] for value in part.read]
        prefix = f"{part.path}/" if part.path else ""
        for node in inner.nodes:
            operands = tuple([number if number < 0 else now[number] for number in node.operands])
            nodes.append(_Node(node.op, operands, node.types, prefix + node.path if node.path else ""))
            now.extend(range(count, count + len(node.types)))
            count += len(node.types)
        for value, number in zip(part.made, inner.given, strict=True):
            numbers[id(value)] = number if number < 0 else now[number]
    return _Flat(nodes, tuple([numbers[id(value)] for value in given]))


def _graph(flat: _Flat, inputs: Mapping[str, Value], read: Sequence[Value], first: Value) -> Graph:
    """A graph of these operators."""
    graph = Graph("", dict(inputs), root=_SCOPE)
    values = list(read)
    for node in flat.nodes:
        operands = [first if number < 0 else values[number] for number in node.operands]
        made = Node.typed(node.op, operands, node.types, node.path, _SCOPE)
        graph.nodes.append(made)
        values.extend(made.outputs)
    graph.outputs = {str(i): first if number < 0 else values[number] for i, number in enumerate(flat.given)}
    return graph


def _numbered(graph: Graph, first: Value, read: Sequence[Value]) -> _Flat:
    """The operators of a graph, tensors by number."""
    numbers = {first: FIRST_INPUT, **{value: number for number, value in enumerate(read)}}
    nodes = []
    count = len(read)
    for node in graph.nodes:
        nodes.append(_Node(node.op, tuple([numbers[v] for v in node.operands]), node.output_types, node.path))
        for value in node.outputs:
            numbers[value] = count
            count += 1
    return _Flat(nodes, tuple([numbers[value] for value in graph.outputs.values()]))
