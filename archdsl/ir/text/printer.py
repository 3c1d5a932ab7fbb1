"""Graph to text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ops.base import Operator
from archdsl.types import TensorType


def print_graph(graph: Graph) -> str:
    """The canonical text of the graph; equal graphs print equal texts, and `parse_graph` reads it back."""
    return _Printer(graph).text()


def canonical_attributes(node: Node) -> dict[str, Any]:
    """The canonical attributes of a node, in the order in which the operator declares them."""
    attributes = node.op.canonical_attributes(node.operand_types)
    return {name: attributes[name] for name in type(node.op).model_fields if name in attributes}


def print_attributes(attributes: Mapping[str, Any]) -> str:
    """`{name = value, ...}`, in the mapping's order; empty for no attributes."""
    if not attributes:
        return ""
    return "{" + ", ".join(f"{name} = {print_value(value)}" for name, value in attributes.items()) + "}"


def print_value(value: Any) -> str:
    """An attribute's value: `null`, `true`, `2`, `0.5`, `inf`, `"word"`, `[1, [2, 3]]`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(print_value, value)) + "]"
    raise TypeError(f"an attribute cannot hold a {type(value).__name__}")


def quoted(text: str) -> str:
    """A string literal, as in JSON."""
    return json.dumps(text, ensure_ascii=False)


class _Printer:
    """One printing: numbers of values and scopes are handed out as they come."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.values: dict[Value, int] = {}
        self.scopes: dict[Scope, int] = {}
        self.attributes: dict[tuple[Operator, tuple[TensorType, ...]], str] = {}

    def text(self) -> str:
        lines = [f"graph {quoted(self.graph.name)} {{"]
        lines += [f"  {line}" for line in self.body()]
        lines.append("}\n")
        return "\n".join(lines)

    def body(self) -> Iterator[str]:
        yield from self.scope_lines(self.graph.root)
        for name, value in self.graph.inputs.items():
            number = self.defined(value, hint=None if value.name == name else value.name)
            yield f"{number} = input {quoted(name)} : {value.type}"
        for node in self.graph.nodes:
            yield from self.scope_lines(node.scope)
            yield self.node(node)
        for name, value in self.graph.outputs.items():
            yield f"output {quoted(name)} = %{self.values[value]}"

    def scope_lines(self, scope: Scope) -> Iterator[str]:
        """Lines of the scope and of those around it that are not printed yet, the outermost first."""
        new: list[Scope] = []
        current: Scope | None = scope
        while current is not None and current not in self.scopes:
            new.append(current)
            current = current.parent
        for each in reversed(new):
            number = self.scopes[each] = len(self.scopes)
            line = f"scope ${number} {quoted(each.cell)}"
            if each.parent is not None:
                line += f" in ${self.scopes[each.parent]}"
            if each.path:
                line += f" at {quoted(each.path)}"
            if each.round:
                line += f" round {quoted(each.round)}"
            yield line

    def node(self, node: Node) -> str:
        key = (node.op, node.operand_types)
        attributes = self.attributes.get(key)
        if attributes is None:
            attributes = self.attributes[key] = print_attributes(canonical_attributes(node))
        operands = ", ".join([f"%{self.values[v]}" for v in node.operands])
        results = ", ".join([self.defined(v, v.name or None) for v in node.outputs])
        types = ", ".join([str(v.type) for v in node.outputs])
        call = f"{node.op.name}({operands})" + (f" {attributes}" if attributes else "")
        return f"{results} = {call} at {quoted(node.path)} in ${self.scopes[node.scope]} : {types}"

    def defined(self, value: Value, hint: str | None) -> str:
        number = self.values[value] = len(self.values)
        return f"%{number}" if hint is None else f"%{number} {quoted(hint)}"
