"""Noise: what only training does is taken out.

Algebra, in inference:
    dropout(x) = dropout2d(x) = drop_path(x) = x
    drop_path_mean(x1, ..., xn) = mean(x1, ..., xn)

Side conditions: the graph is an inference form. It has no effect on weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.graph import Graph
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.rewriting import Rewriting, made

NOISE = frozenset({"dropout", "dropout2d", "drop_path"})


@dataclass(frozen=True, slots=True)
class Noise:
    """Removes dropout and drop-path."""

    name: str = "noise"

    def run(self, graph: Graph) -> PassResult:
        """The graph without nodes that only training needs."""
        found = [node for node in graph.nodes if node.op.name in NOISE or node.op.name == "drop_path_mean"]
        if not found:
            return unchanged(graph)
        rewriting = Rewriting(graph)
        for node in graph.nodes:
            if node.op.name in NOISE:
                rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
            elif node.op.name == "drop_path_mean":
                rewriting.put(node, made("mean"), rewriting.all_now(node.operands))
            else:
                rewriting.keep(node)
        note = f"took out {counted(len(found), 'node')} that only training needs"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(node.path for node in found))
