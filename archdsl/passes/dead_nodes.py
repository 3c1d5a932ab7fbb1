"""Dead nodes: what no output depends on is not computed.

Algebra: none; a node is kept if an output of the graph is reached from it.

Side conditions: nodes have no effects that could be missed, except that batch norm in training mode updates its
running statistics; those of a dead batch norm influence nothing. Weights of dead nodes leave the graph with them.
The network's inputs stay, read or not: they are its signature.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.graph import Graph, Node, rebuilt
from archdsl.passes.base import PassResult, counted, unchanged


@dataclass(frozen=True, slots=True)
class DeadNodes:
    """Removes nodes that no output depends on."""

    name: str = "dead_nodes"

    def run(self, graph: Graph) -> PassResult:
        """The graph without dead nodes."""
        alive: set[Node | None] = {value.producer for value in graph.outputs.values()}
        for node in reversed(graph.nodes):
            if node in alive:
                alive.update([value.producer for value in node.operands])
        dead = [node for node in graph.nodes if node not in alive]
        if not dead:
            return unchanged(graph)
        return PassResult(rebuilt(graph, {}, dead), True, (f"removed {counted(len(dead), 'dead node')}",))
