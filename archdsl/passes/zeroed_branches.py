"""Zeroed branches: what is zero whatever the input is not computed and not added.

Which values are zero:
    zero(x) = constant(0) = 0
    f(0, ...) = 0             operators with `keeps_zero`, float outputs
    concat(0, ..., 0) = 0     and so add, sub, mean, stack, maximum, minimum of zeros
    mul(..., 0, ...) = 0

What is done:
    add(x, 0) = x     zero operands are dropped, where the rest still broadcasts to the same shape
    sub(x, 0) = x     where x has the type of the result
    f(...) = 0        a node that gives zeros becomes a constant at the same place, which nothing needs to be
                      computed for; this is the one form of a zero that mean, concat or an output still reads

Side conditions: values are finite (0 * inf is not 0), as everywhere in these passes. A zero that gives the sum its
shape (x: [N, 5], 0: [N, 3, 5]) stays. mean counts its operands, zeros too. A node with a further output that is not
zero stays. Weights of what is no longer read leave the graph with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator, OperatorError, infer
from archdsl.ops.registry import make, operators
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.types import TensorType

# Operators that give zeros if they read nothing else.
ZERO_OF_ZEROS = frozenset({"add", "sub", "mean", "concat", "stack", "maximum", "minimum"})


@dataclass(frozen=True, slots=True)
class ZeroedBranches:
    """Makes constants of what is always zero, and drops zero operands of sums."""

    name: str = "zeroed_branches"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which nothing is computed from zeros only and no sum reads a zero."""
        run = _Run(graph)
        for node in graph.nodes:
            run.visit(node)
        if not run.dropped_operands and not run.zeroed and not run.differences:
            return unchanged(graph)
        run.result.outputs = {name: run.now(value) for name, value in graph.outputs.items()}
        done = (
            (run.zeroed, f"made a constant of {counted(run.zeroed, 'node')} that gave zeros"),
            (run.dropped_operands, f"dropped {counted(run.dropped_operands, 'zero operand')} of sums"),
            (run.differences, f"removed {counted(run.differences, 'difference')} from zero"),
        )
        return PassResult(run.result, True, tuple(note for number, note in done if number))


class _Run:
    """One walk in topological order: `zeros` holds values of the new graph that are always zero."""

    def __init__(self, graph: Graph):
        self.result = Graph(graph.name, dict(graph.inputs), [], {}, graph.root)
        self.zeros: set[Value] = set()
        self.replaced: dict[Value, Value] = {}
        self.dropped_operands = self.zeroed = self.differences = 0

    def now(self, value: Value) -> Value:
        return self.replaced.get(value, value)

    def visit(self, node: Node) -> None:
        operands = [self.now(v) for v in node.operands]
        if self.is_zero(node, operands):
            self.make_zeros(node, operands)
        elif self.is_subtraction_of_zero(node, operands):
            self.replaced[node.outputs[0]] = operands[0]
            self.differences += 1
        else:
            self.keep(node, self.without_zeros(node, operands))

    def is_zero(self, node: Node, operands: Sequence[Value]) -> bool:
        """Whether the float outputs of the node are always zero."""
        zero = () if self.zeros.isdisjoint(operands) else [value in self.zeros for value in operands]
        return always_zero(node.op, node.output_types, zero)

    def make_zeros(self, node: Node, operands: Sequence[Value]) -> None:
        """A constant for each output of the node, unless it is one already or has other outputs."""
        if any(t.dtype != "float32" for t in node.output_types):
            made = self.keep(node, operands)
            self.zeros.update([v for v in made.outputs if v.type.dtype == "float32"])
            return
        zeros = [zero_constant(t) for t in node.output_types]
        if zeros == [node.op]:
            self.keep(node, operands)
            self.zeros.update(node.outputs)
            return
        first_input = next(iter(self.result.inputs.values()))
        for place, (op, old) in enumerate(zip(zeros, node.outputs, strict=True)):
            path = node.path if len(zeros) == 1 else f"{node.path}[{place}]"
            (new,) = self.result.add(op, [first_input], path, node.scope, node.span).outputs
            new.name = old.name
            self.replaced[old] = new
            self.zeros.add(new)
        self.zeroed += 1

    def is_subtraction_of_zero(self, node: Node, operands: Sequence[Value]) -> bool:
        return node.op.name == "sub" and operands[1] in self.zeros and operands[0].type == node.outputs[0].type

    def without_zeros(self, node: Node, operands: list[Value]) -> list[Value]:
        """The operands of an `add` that are needed: those that aren't zero, if they make the same shape."""
        if node.op.name != "add" or self.zeros.isdisjoint(operands):
            return operands
        kept = [v for v in operands if v not in self.zeros]
        if inferred(node.op, tuple([v.type for v in kept])) != node.output_types:
            return operands
        self.dropped_operands += len(operands) - len(kept)
        return kept

    def keep(self, node: Node, operands: Sequence[Value]) -> Node:
        if tuple(operands) == node.operands:
            self.result.nodes.append(node)
            return node
        made = self.result.add(node.op, operands, node.path, node.scope, node.span)
        for old, new in zip(node.outputs, made.outputs, strict=True):
            new.name = old.name
            self.replaced[old] = new
        return made


def always_zero(op: Operator, outputs: Sequence[TensorType], zero: Sequence[bool]) -> bool:
    """Whether the float outputs of an operator are zero whatever the input is.

    Args:
        outputs: their types.
        zero: which operands are; empty for none.
    """
    name = op.name
    if name == "constant":
        return outputs[0].dtype == "float32" and _all_zero(getattr(op, "value", None))
    if name == "zero":
        return True
    if not any(zero):
        return False
    if name == "mul":
        return True
    if name in ZERO_OF_ZEROS:
        return all(zero)
    return op.keeps_zero and zero[0]


def zero_constant(type: TensorType) -> Operator:
    """What stands for a zero of this type."""
    return make(operators()["constant"], {"value": 0.0, "shape": type.shape})


def _all_zero(value: object) -> bool:
    return all(map(_all_zero, value)) if isinstance(value, tuple) else value == 0


def inferred(op: Operator, operands: tuple[TensorType, ...]) -> tuple[TensorType, ...] | None:
    """The types of the outputs; None where the operator refuses the operands."""
    try:
        return infer(op, operands)
    except OperatorError:
        return None
