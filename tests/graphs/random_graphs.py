"""Random valid graphs over every registered operator: the input of all property tests on graphs.

One builder serves two sources of randomness: `random_graph(Random(seed))` for bounded deterministic runs, and the
hypothesis strategy `graphs()`, which shrinks.

A graph is written as the elaborator writes one: bodies of steps, calls of cells nested in rounds and branches with
paths such as `block[1]/branches[0]/conv2d`, calls repeated with shared weights, several outputs, dead nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ops.base import Operator, OperatorError, Sample, infer
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType

LARGEST_VALUE = 2_000  # elements of one sample; keeps runs of the graph fast
LARGEST_WEIGHTS = 20_000
DEEPEST_CELL = 3
MOST_NODES = 80  # a graph of so many gets no further steps


@dataclass(slots=True)
class RandomGraph:
    """A graph and what its inputs may hold: int64 inputs have an exclusive upper bound."""

    graph: Graph
    integer_ranges: dict[str, int] = field(default_factory=dict)


def random_graph(rng: Random, steps: int = 12, only: Sequence[str] = ()) -> RandomGraph:
    """A valid graph of about `steps` steps; `only` limits the operators to these names."""
    return _Builder(rng, steps, tuple(only) or tuple(operators())).build()


def graphs(steps: int = 10, only: Sequence[str] = ()) -> st.SearchStrategy[RandomGraph]:
    """Valid graphs for hypothesis."""
    return st.builds(
        random_graph, st.randoms(use_true_random=False), steps=st.integers(1, steps), only=st.just(tuple(only))
    )


@dataclass(slots=True)
class _Call:
    """A finished cell call, for replay: where its nodes stand, and the path under which it was made."""

    scope: Scope
    nodes: list[Node]


@dataclass(slots=True)
class _Body:
    """A list of steps being written: labels taken so far, and the path in front of them."""

    scope: Scope
    prefix: str
    labels: set[str] = field(default_factory=set)

    def path(self, label: str) -> str:
        """The path of the next step with this label; a second one gets `_2`."""
        candidate, count = label, 1
        while candidate in self.labels:
            count += 1
            candidate = f"{label}_{count}"
        self.labels.add(candidate)
        return f"{self.prefix}/{candidate}" if self.prefix else candidate


class _Builder:
    """One graph in the making."""

    def __init__(self, rng: Random, steps: int, names: Sequence[str]):
        self.rng = rng
        self.steps = steps
        self.names = names
        self.made = RandomGraph(Graph("random", root=Scope("random")))
        self.graph = self.made.graph
        self.floats: list[Value] = []  # values that any step may read
        self.calls: list[_Call] = []

    def build(self) -> RandomGraph:
        self.input(TensorType(self.rng.choice([(4, 6, 6), (3, 5, 7), (6,), (5, 4), (8, 4, 4)])))
        self.write(_Body(self.graph.root, ""), self.steps, depth=0)
        self.choose_outputs()
        return self.made

    def write(self, body: _Body, steps: int, depth: int) -> None:
        """Write steps, one of the four kinds each."""
        kinds: list[Callable[[_Body, int], None]] = [self.apply_sample, self.apply_to_values, self.share_step]
        if depth < DEEPEST_CELL:
            kinds += [self.call_rounds, self.call_branches, self.share_call]
        for _ in range(steps):
            if len(self.graph.nodes) < MOST_NODES:
                self.rng.choice(kinds)(body, depth)

    def apply_sample(self, body: _Body, depth: int) -> None:
        """An operator as one of its samples has it, on values of these types: present ones, else new inputs."""
        op = operators()[self.rng.choice(self.names)]
        sample = self.rng.choice(op.samples())
        if op.reads_batch_size:
            operands = [next(iter(self.graph.inputs.values())), *map(self.value, sample.operands[1:])]
        else:
            operands = [self.value_for(sample, t) for t in sample.operands]
        self.add(body, make(op, sample.attributes), operands)

    def apply_to_values(self, body: _Body, depth: int) -> None:
        """An operator with some sample's attributes on whatever values it takes, for graphs with long paths."""
        for _ in range(8):
            op = operators()[self.rng.choice(self.names)]
            sample = self.rng.choice(op.samples())
            count = self.rng.randint(1, 4) if op.is_variadic() else len(sample.operands)
            if op.reads_batch_size or any(t.dtype == "int64" for t in sample.operands):
                continue
            operands = [self.recent() for _ in range(count)]
            if op.is_variadic() and self.rng.random() < 0.7:
                operands = [v for v in operands if v.type == operands[0].type]
            if self.fits(made := make(op, sample.attributes), operands):
                self.add(body, made, operands)
                return

    def share_step(self, body: _Body, depth: int) -> None:
        """A step of this cell call with weights once more, on another value of the same type."""
        sharable = [node for node in self.graph.nodes if node.scope is body.scope and node.weights]
        if sharable:
            node = self.rng.choice(sharable)
            self.define(self.graph.add(node.op, self.same_types(node.operands), node.path, body.scope))

    def call_rounds(self, body: _Body, depth: int) -> None:
        """A cell called in a loop of one to three rounds, each with its own weights."""
        cell = self.rng.choice(["block", "unit", "stage"])
        path, rounds = body.path(cell), self.rng.randint(1, 3)
        for index in range(rounds):
            scope = Scope(cell, f"{path}[{index}]", body.scope, round=f"round {index + 1} of {rounds}")
            self.call(scope, self.rng.randint(1, 2), depth)

    def call_branches(self, body: _Body, depth: int) -> None:
        """Two branches: in one a cell is called, in the other steps stand as they are."""
        path = body.path("branches")
        inner = _Body(body.scope, f"{path}[0]")
        self.call(Scope("branch", inner.path("branch"), body.scope), self.rng.randint(1, 2), depth)
        self.write(_Body(body.scope, f"{path}[1]"), 1, DEEPEST_CELL)

    def call(self, scope: Scope, steps: int, depth: int) -> None:
        first = len(self.graph.nodes)
        self.write(_Body(scope, scope.path), steps, depth + 1)
        self.calls.append(_Call(scope, self.graph.nodes[first:]))

    def share_call(self, body: _Body, depth: int) -> None:
        """A whole cell call once more with the same weights, on other values of the same types."""
        near = [each for each in self.calls if each.scope.parent is body.scope]
        if not near:
            return
        before = self.rng.choice(near)
        scopes = {before.scope: Scope(before.scope.cell, before.scope.path, body.scope)}
        values: dict[Value, Value] = {}
        for node in before.nodes:
            outside = [v for v in node.operands if v not in values]
            values.update(zip(outside, self.same_types(outside), strict=True))
            operands = [values[v] for v in node.operands]
            again = self.graph.add(node.op, operands, node.path, _copied(node.scope, scopes))
            values.update(zip(node.outputs, again.outputs, strict=True))
            self.define(again)

    def add(self, body: _Body, op: Operator, operands: Sequence[Value]) -> None:
        label = self.rng.choice([op.name, op.name, "a", "b"])
        node = self.graph.add(op, operands, body.path(label), body.scope)
        if label != op.name:
            for value in node.outputs:
                value.name = label
        self.define(node)

    def define(self, node: Node) -> None:
        self.floats += [v for v in node.outputs if v.type.dtype == "float32"]

    def value_for(self, sample: Sample, type: TensorType) -> Value:
        return self.value(type) if type.dtype == "float32" else self.input(type, sample.integer_range)

    def value(self, type: TensorType) -> Value:
        """A float value of this type."""
        present = [v for v in self.floats if v.type == type]
        return self.rng.choice(present) if present and self.rng.random() < 0.8 else self.input(type)

    def recent(self) -> Value:
        return self.rng.choice(self.floats[-6:])

    def same_types(self, values: Sequence[Value]) -> list[Value]:
        """Other values of the same types where there are some. int64 values stay: their range has a meaning."""
        found = []
        for value in values:
            others = [v for v in self.floats if v.type == value.type]
            hidden = value is next(iter(self.graph.inputs.values()))
            found.append(value if hidden or not others else self.rng.choice(others))
        return found

    def input(self, type: TensorType, integer_range: int = 0) -> Value:
        name = f"x{len(self.graph.inputs)}"
        value = self.graph.inputs[name] = Value(type, name)
        if type.dtype == "float32":
            self.floats.append(value)
        else:
            self.made.integer_ranges[name] = integer_range
        return value

    def fits(self, op: Operator, operands: Sequence[Value]) -> bool:
        types = tuple(v.type for v in operands)
        try:
            outputs = infer(op, types)
        except OperatorError:
            return False
        small = all(t.elements <= LARGEST_VALUE for t in outputs)
        return small and sum(TensorType(w.shape).elements for w in op.weights(*types)) <= LARGEST_WEIGHTS

    def choose_outputs(self) -> None:
        """One to four values, mostly late ones; what they don't need is dead."""
        made = [v for node in self.graph.nodes for v in node.outputs] or list(self.graph.inputs.values())
        for index in range(self.rng.randint(1, 4)):
            value = made[-1] if index == 0 else self.rng.choice(made)
            self.graph.outputs[f"y{index}"] = value


def _copied(scope: Scope, copies: dict[Scope, Scope]) -> Scope:
    """The scope beneath the copy of its parent."""
    found = copies.get(scope)
    if found is None:
        assert scope.parent is not None
        parent = _copied(scope.parent, copies)
        found = copies[scope] = Scope(scope.cell, scope.path, parent, round=scope.round)
    return found
