"""Graphs as short lines, to compare with."""

from __future__ import annotations

from archdsl.ir.graph import Graph, Value


def wiring(graph: Graph) -> list[str]:
    """Each node as `add(relu, x)`: the n-th node of an operator is called `relu`, `relu2`, ...; outputs stand last."""
    names: dict[Value, str] = {value: name for name, value in graph.inputs.items()}
    counts: dict[str, int] = {}
    lines = []
    for node in graph.nodes:
        count = counts[node.op.name] = counts.get(node.op.name, 0) + 1
        label = node.op.name if count == 1 else f"{node.op.name}{count}"
        lines.append(f"{label}({', '.join(names[value] for value in node.operands)})")
        for i, value in enumerate(node.outputs):
            names[value] = label if len(node.outputs) == 1 else f"{label}.{i}"
    outputs = [f"{name}={names[value]}" for name, value in graph.outputs.items()]
    return [*lines, " ".join(outputs)]


def weight_paths(graph: Graph) -> list[str]:
    """The paths of all weights, each once, in order of definition."""
    return list(dict.fromkeys(node.path for node, _ in graph.weights()))
