"""Equality of graphs, node by node: what the text form must keep."""

from __future__ import annotations

from archdsl.ir.graph import Graph, Scope, Value
from archdsl.ir.text import canonical_attributes


def facts(graph: Graph) -> list[object]:
    """Everything about a graph but spans, with values numbered in order."""
    numbers: dict[Value, int] = {}
    found: list[object] = [graph.name, scope_facts(graph.root)]
    for name, value in graph.inputs.items():
        numbers[value] = len(numbers)
        found.append((name, value.name, value.type))
    calls: dict[Scope, int] = {}
    for node in graph.nodes:
        operands = [numbers[v] for v in node.operands]
        numbers.update((v, len(numbers) + i) for i, v in enumerate(node.outputs))
        call = calls.setdefault(node.scope, len(calls))  # two calls with one path are two
        attributes = (type(node.op), repr(canonical_attributes(node)))
        outputs = [(v.name, v.type) for v in node.outputs]
        found.append((attributes, operands, node.path, call, scope_facts(node.scope), outputs, node.weights))
    found.append([(name, numbers[value]) for name, value in graph.outputs.items()])
    return found


def scope_facts(scope: Scope | None) -> list[tuple[str, str, str]]:
    """The chain of calls, innermost first."""
    found = []
    while scope is not None:
        found.append((scope.cell, scope.path, scope.round))
        scope = scope.parent
    return found
