"""From a graph to a body: what lies between a value and a join behind it becomes branches.

A join is a step that reads several values. If everything between it and their common dominator (the last value that
all of them depend on) serves the join alone, and each operand has steps of its own, these are parallel branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from archdsl.importing.lifting import Network
from archdsl.importing.rollup.auxiliary import in_training
from archdsl.importing.rollup.tree import BRANCHES, Body, Step, leaves
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator, OperatorError
from archdsl.ops.registry import ValidationError, make

Vertex: TypeAlias = "Node | Value | None"


def body_of(network: Network, branches: bool = True) -> Body:
    """The network's steps in order; with branches where there are some. What only training computes comes last."""
    graph = network.graph
    shared = _shared(network.training or graph)
    further = [node for node in network.training.nodes if node not in set(graph.nodes)] if network.training else []
    read = dict.fromkeys(value for node in further for value in node.operands)
    made = {value for node in further for value in node.outputs}
    results = (*graph.outputs.values(), *(value for value in read if value not in made))
    steps = [_step(network, node, shared) for node in graph.nodes]
    if branches:
        steps = _Contraction(graph, steps, results).contracted()
    outputs = network.training.outputs.values() if network.training else ()
    steps += in_training([_step(network, node, shared) for node in further], outputs)
    return Body(tuple(graph.inputs.values()), steps, tuple(dict.fromkeys((*results, *outputs))))


def _shared(graph: Graph) -> set[str]:
    """Paths of weights that several nodes read."""
    seen: set[str] = set()
    twice: set[str] = set()
    for node in graph.nodes:
        if node.weights:
            (twice if node.path in seen else seen).add(node.path)
    return twice


def _step(network: Network, node: Node, shared: set[str]) -> Step:
    reads = () if node.op.reads_batch_size else node.operands
    share = node.path if node.weights and node.path in shared else ""
    attributes = written(node.op)
    half = _is_half(node)
    if half and attributes["kernel_size"] == 1:
        attributes.pop("padding", None)
    elif half and "padding" in attributes:
        attributes["padding"] = "half"
    scope = network.scopes.get(node, ())
    return Step(node.op.name, attributes, reads, node.outputs, [node], [], share, scope, half)


def written(op: Operator) -> dict[str, Any]:
    """The attributes as one writes them: no defaults, one number for a pair of equal ones."""
    found: dict[str, Any] = {}
    for name, value in op.changed().items():
        if value is None:
            continue
        if isinstance(value, tuple) and len(value) > 1 and len(set(value)) == 1 and _same(op, name, value[0]):
            found[name] = value[0]
        else:
            found[name] = _listed(value)
    return found


def _same(op: Operator, name: str, value: Any) -> bool:
    try:
        return make(type(op), {**op.changed(), name: value}) is op
    except ValidationError:
        return False


def _listed(value: Any) -> Any:
    return [_listed(v) for v in value] if isinstance(value, tuple) else value


def _is_half(node: Node) -> bool:
    """Whether `padding: half` would say the same."""
    if not {"padding", "kernel_size"} <= type(node.op).model_fields.keys() or node.op.name.startswith("conv_t"):
        return False
    try:
        other = make(type(node.op), {**node.op.changed(), "padding": "half"})
        return other.canonical_attributes(node.operand_types) == node.op.canonical_attributes(node.operand_types)
    except (ValidationError, OperatorError):
        return False


class _Contraction:
    """Joins in order, so that inner branches are found before those around them."""

    def __init__(self, graph: Graph, steps: list[Step], results: Iterable[Value]):
        self.steps = dict.fromkeys(steps)  # an ordered set
        self.maker: dict[Value, Step] = {value: step for step in steps for value in step.makes}
        self.readers: dict[Value, set[Step]] = {}
        for step in steps:
            for value in step.reads:
                self.readers.setdefault(value, set()).add(step)
        self.kept = set(results)
        self.dominators = _Dominators(graph)

    def contracted(self) -> list[Step]:
        # Positions change only in front of the join that is looked at.
        for step in list(self.steps):
            if len(set(step.reads)) > 1 and len(set(step.reads)) == len(step.reads):
                self.contract(step)
        return list(self.steps)

    def contract(self, join: Step) -> None:
        start = self.dominators.common(join.reads)
        if not isinstance(start, Value):
            return
        arms = [self.between(value, start) for value in join.reads]
        inside = {step for arm in arms if arm for step in arm}
        if any(arm is None for arm in arms) or sum(len(arm or ()) for arm in arms) != len(inside):
            return
        if not any(start in step.reads for step in inside) or not self.closed(inside, join):
            return
        bodies = []
        ordered = [step for step in self.steps if step in inside]
        for value, arm in zip(join.reads, arms, strict=True):
            body = Body((start,), [step for step in ordered if step in (arm or ())], (value,))
            if body.steps and body.steps[-1].makes != (value,):
                return
            bodies.append(body)
        self.replace(join, start, inside, bodies)

    def between(self, value: Value, start: Value) -> set[Step] | None:
        """The steps that make a value from `start`; None if there is another way in."""
        found: set[Step] = set()
        stack = [value]
        while stack:
            current = stack.pop()
            if current is start:
                continue
            step = self.maker.get(current)
            if step is None:
                return None
            if step not in found:
                found.add(step)
                stack.extend(step.reads)
        return found

    def closed(self, inside: set[Step], join: Step) -> bool:
        """Whether nothing else reads what is made inside."""
        for step in inside:
            for value in step.makes:
                if value in self.kept or not self.readers.get(value, set()) <= {*inside, join}:
                    # What a branch hands on is not made there.
                    if step.head == BRANCHES and value in step.reads:
                        continue
                    return False
        return True

    def replace(self, join: Step, start: Value, inside: set[Step], bodies: list[Body]) -> None:
        nodes = leaves(step for body in bodies for step in body.steps)
        made = Step(BRANCHES, {}, (start,), join.reads, nodes, bodies, "", join.scope)
        for value in join.reads:
            if value is not start:
                self.maker[value] = made
        self.readers[start] = (self.readers[start] - inside) | {made}
        order: list[Step] = []
        for step in self.steps:
            if step is join:
                order.append(made)
            if step not in inside:
                order.append(step)
        self.steps = dict.fromkeys(order)


class _Dominators:
    """The tree of immediate dominators over nodes and values; constants depend on nothing and don't count."""

    def __init__(self, graph: Graph):
        self.parent: dict[Vertex, Vertex] = {None: None}
        self.depth: dict[Vertex, int] = {None: 0}
        self.free: set[Value] = set()
        for value in graph.inputs.values():
            self.put(value, None)
        for node in graph.nodes:
            if node.op.reads_batch_size or self.free.issuperset(node.operands):
                self.free.update(node.outputs)
            self.put(node, self.common(node.operands))
            for value in node.outputs:
                self.put(value, node)

    def put(self, vertex: Node | Value, parent: Vertex) -> None:
        self.parent[vertex] = parent
        self.depth[vertex] = self.depth[parent] + 1

    def common(self, values: Iterable[Value]) -> Vertex:
        """The last vertex that all values (constants aside) depend on."""
        found: Sequence[Vertex] = [value for value in values if value not in self.free]
        if not found:
            return None
        result = found[0]
        for other in found[1:]:
            while result is not other:
                if self.depth[result] >= self.depth[other]:
                    result = self.parent[result]
                else:
                    other = self.parent[other]
        return result
