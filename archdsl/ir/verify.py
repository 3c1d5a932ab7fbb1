"""The verifier: what must hold of every graph, as a list of small rules.

A finding here is a mistake of whoever built the graph (the elaborator, a pass), never of the file's author. The
verifier runs between passes; it is linear in the size of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ir.naming import module_parts, module_path
from archdsl.ops.base import Operator, OperatorError, infer
from archdsl.ops.rules.attributes import LARGEST
from archdsl.types import DTYPES, TensorType


class InvalidGraphError(Exception):
    """A graph breaks rules of the verifier; `findings` lists them all."""

    def __init__(self, findings: list[str]):
        super().__init__("invalid graph:\n" + "\n".join(f"  {finding}" for finding in findings))
        self.findings = findings


def verify(graph: Graph) -> list[str]:
    """What is wrong with the graph, one sentence each; empty for a valid graph."""
    return [finding for rule in RULES for finding in rule(graph)]


def assert_valid(graph: Graph) -> None:
    """Raises InvalidGraphError with all findings unless the graph is valid."""
    findings = verify(graph)
    if findings:
        raise InvalidGraphError(findings)


def inputs_are_typed(graph: Graph) -> Iterator[str]:
    """Inputs are named, made by no node, of positive dimensions and a known dtype, and each is listed once."""
    seen: set[Value] = set()
    for name, value in graph.inputs.items():
        if not name:
            yield "an input has no name"
        if value.producer is not None:
            yield f"input `{name}` is made by {value.producer}"
        if value in seen:
            yield f"input `{name}` is listed twice"
        if value.type.dtype not in DTYPES:
            yield f"input `{name}` has the unknown dtype {value.type.dtype!r}"
        if not all(_is_int(d) and d >= 1 for d in value.type.shape):
            yield f"input `{name}` has the shape {value.type.shape}: dimensions are positive integers"
        seen.add(value)


def operands_are_defined(graph: Graph) -> Iterator[str]:
    """Every node stands behind those it reads, and reads only values of this graph."""
    everywhere = {v for node in graph.nodes for v in node.outputs}
    defined = set(graph.inputs.values())
    for number, node in enumerate(graph.nodes):
        for position, value in enumerate(node.operands):
            if value in defined:
                continue
            reason = "is made later" if value in everywhere else "is not of this graph"
            yield f"{_place(number, node)}: operand {position} {reason}"
        defined.update(node.outputs)


def nodes_are_unique(graph: Graph) -> Iterator[str]:
    """No node is listed twice, and each output knows the node that makes it."""
    seen: set[Node] = set()
    for number, node in enumerate(graph.nodes):
        if node in seen:
            yield f"{_place(number, node)} is listed twice"
        seen.add(node)
        if any(v.producer is not node for v in node.outputs):
            yield f"{_place(number, node)}: an output names another producer"


def types_are_inferred(graph: Graph) -> Iterator[str]:
    """The types of a node's outputs are those that its operator infers from its operands."""
    for number, node in enumerate(graph.nodes):
        try:
            inferred = infer(node.op, node.operand_types)
        except OperatorError as refusal:
            yield f"{_place(number, node)} is refused: {refusal.message}"
            continue
        if inferred != node.output_types:
            yield f"{_place(number, node)}: outputs are {_types(node.output_types)}, inferred are {_types(inferred)}"


def shared_weights_agree(graph: Graph) -> Iterator[str]:
    """Nodes with weights and one path apply the same operator with weights of the same names and shapes."""
    first: dict[str, Node] = {}
    for number, node in enumerate(graph.nodes):
        if not _has_weights(node):
            continue
        other = first.setdefault(node.path, node)
        if other.op is not node.op:
            yield f"{_place(number, node)} shares the weights of another operator: {other.op!r}, not {node.op!r}"
        elif other.weights != node.weights:
            yield f"{_place(number, node)} shares weights of other shapes: {other.weights}, not {node.weights}"


def names_are_unique(graph: Graph) -> Iterator[str]:
    """No two weight paths become one module name, and no module with weights holds another one."""
    modules: dict[tuple[str | int, ...], str] = {}
    for node in graph.nodes:
        if not _has_weights(node):
            continue
        if not node.path:
            yield f"{node}: a node with weights needs a path"
        other = modules.setdefault(module_parts(node.path), node.path)
        if other != node.path:
            yield f"paths `{other}` and `{node.path}` both name the module `{module_path(node.path)}`"
    for parts, path in modules.items():
        for length in range(1, len(parts)):
            if parts[:length] in modules:
                yield f"path `{path}` lies inside the module with weights at `{modules[parts[:length]]}`"


def outputs_belong(graph: Graph) -> Iterator[str]:
    """Outputs are named values of this graph."""
    known = {v for node in graph.nodes for v in node.outputs} | set(graph.inputs.values())
    for name, value in graph.outputs.items():
        if not name:
            yield "an output has no name"
        if value not in known:
            yield f"output `{name}` is not a value of this graph"


def scopes_lead_to_root(graph: Graph) -> Iterator[str]:
    """Every node's scope is the root or a call beneath it."""
    good: set[Scope] = {graph.root}
    for number, node in enumerate(graph.nodes):
        chain: list[Scope] = []
        scope: Scope | None = node.scope
        while scope is not None and scope not in good:
            chain.append(scope)
            scope = scope.parent
        if scope is None:
            yield f"{_place(number, node)}: its scope does not lead to the root"
        else:
            good.update(chain)


def integers_are_exact(graph: Graph) -> Iterator[str]:
    """Integers of attributes, dimensions and numbers of elements stay below 2**53."""
    checked: set[object] = set()
    for name, value in graph.inputs.items():
        if _too_large(value.type.shape):
            yield f"input `{name}` has 2**53 elements or more"
    for number, node in enumerate(graph.nodes):
        key = (node.op, node.operand_types)
        if key in checked:
            continue
        checked.add(key)
        if any(_too_large(t.shape) for t in node.output_types):
            yield f"{_place(number, node)}: an output has 2**53 elements or more"
        for spec in node.weights if _is_valid(node) else ():
            if _too_large(spec.shape):
                yield f"{_place(number, node)}: weight `{spec.name}` has 2**53 elements or more"
        for attribute in _large_attributes(node.op):
            yield f"{_place(number, node)}: attribute `{attribute}` holds an integer of 2**53 or more"


Rule = Callable[[Graph], Iterator[str]]
RULES: tuple[Rule, ...] = (
    inputs_are_typed,
    operands_are_defined,
    nodes_are_unique,
    types_are_inferred,
    shared_weights_agree,
    names_are_unique,
    outputs_belong,
    scopes_lead_to_root,
    integers_are_exact,
)


def _place(number: int, node: Node) -> str:
    return f"node {number} (`{node.op.name}` at `{node.path}`)"


def _types(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_valid(node: Node) -> bool:
    """Whether the operator takes its operands: its weights are defined only then."""
    try:
        infer(node.op, node.operand_types)
    except OperatorError:
        return False
    return True


def _has_weights(node: Node) -> bool:
    return _is_valid(node) and bool(node.weights)


def _too_large(shape: tuple[int, ...]) -> bool:
    return prod(shape) >= LARGEST


def _large_attributes(op: Operator) -> Iterator[str]:
    for name in type(op).model_fields:
        if any(abs(n) >= LARGEST for n in _integers(getattr(op, name))):
            yield name


def _integers(value: Any) -> Iterator[int]:
    if _is_int(value):
        yield value
    elif isinstance(value, tuple | list):
        for member in value:
            yield from _integers(member)
