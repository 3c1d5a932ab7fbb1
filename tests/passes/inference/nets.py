"""What tests of single passes share."""

from __future__ import annotations

from collections import Counter

from archdsl.ir.graph import Graph
from archdsl.passes.base import Pass
from archdsl.passes.dead_nodes import DeadNodes
from archdsl.passes.inference.affine_folding import AffineFolding
from archdsl.passes.inference.affine_form import AffineForm
from tests.passes.inference.equality import assert_equal_networks

FOLD = (AffineForm(), AffineFolding())


def operators_after(graph: Graph, *passes: Pass, invertible: bool = True) -> dict[str, int]:
    """How often each operator stands in the graph that the passes make, which is held against the given one."""
    made = assert_equal_networks(graph, [(*passes, DeadNodes())], invertible=invertible, extreme=True)
    return dict(Counter(node.op.name for node in made.graph.nodes))
