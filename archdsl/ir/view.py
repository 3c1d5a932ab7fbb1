"""A graph as networkx sees it: for isomorphism tests, reachability and other algorithms that stand there.

networkx is imported on use; it costs a fifth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.ir.graph import Graph
from archdsl.ir.structure import structure_of

if TYPE_CHECKING:
    import networkx


def multigraph(graph: Graph) -> networkx.MultiDiGraph[int]:
    """The graph as a directed multigraph with a `label` on each vertex and edge.

    Vertices are the inputs, the nodes, one sink that reads the outputs in order, and one vertex for each set of
    weights that several nodes share. Edges lead from producers to readers, labelled with the position of the operand
    (none for commutative operators) and the producer's output; and from shared weights to their nodes. Two networks
    are the same exactly if these graphs are isomorphic with their labels.
    """
    import networkx

    structure = structure_of(graph)
    view: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
    for vertex, label in enumerate(structure.labels):
        view.add_node(vertex, label=label)
    for vertex, operands in enumerate(structure.operands):
        for position, (producer, which) in enumerate(operands):
            place = "any" if structure.commutative[vertex] else str(position)
            view.add_edge(producer, vertex, label=f"operand {place} output {which}")
    for index, members in enumerate(structure.sharing, len(structure.labels)):
        view.add_node(index, label="weights")
        for member in members:
            view.add_edge(index, member, label="weights")
    return view


def isomorphic(one: Graph, other: Graph) -> bool:
    """Whether the graphs, as they stand, are the same network. Exponential in the worst case: for tests."""
    from networkx.algorithms import isomorphism

    match = isomorphism.MultiDiGraphMatcher(
        multigraph(one),
        multigraph(other),
        node_match=isomorphism.categorical_node_match("label", None),
        edge_match=isomorphism.categorical_multiedge_match("label", None),
    )
    return bool(match.is_isomorphic())
