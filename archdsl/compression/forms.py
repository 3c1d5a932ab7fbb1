"""The training form of a network beside its inference form: what only training computes is carried along."""

from __future__ import annotations

from collections.abc import Collection

from archdsl.importing.writing import same
from archdsl.ir.graph import Graph
from archdsl.pipeline.architecture import Architecture


def training_form(architecture: Architecture) -> Graph | None:
    """The training form, if it is the inference form and further outputs (auxiliary heads) that are computed beside.

    None where both forms are one, or where training computes the network's own outputs in another way.
    """
    if not architecture.has_training_form:
        return None
    training, inference = architecture.graph(training=True), architecture.graph()
    heads = heads_of(training, inference)
    main = main_part(training, heads)
    made = {value for node in main.nodes for value in node.outputs} | set(training.inputs.values())
    if not heads or any(training.outputs[name] in made for name in heads):
        return None
    alike = [node.path for node in main.nodes] == [node.path for node in inference.nodes]
    return training if alike and same(main, main.nodes, inference) else None


def heads_of(training: Graph, inference: Graph) -> tuple[str, ...]:
    """The outputs that only training has."""
    return tuple(name for name in training.outputs if name not in inference.outputs)


def main_part(graph: Graph, heads: Collection[str]) -> Graph:
    """What the outputs that are no heads need, made of the same nodes."""
    if not heads:
        return graph
    outputs = {name: value for name, value in graph.outputs.items() if name not in heads}
    needed = set(outputs.values())
    nodes = []
    for node in reversed(graph.nodes):
        if not needed.isdisjoint(node.outputs):
            needed.update(node.operands)
            nodes.append(node)
    return Graph(graph.name, dict(graph.inputs), nodes[::-1], outputs, graph.root)
