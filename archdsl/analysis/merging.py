"""Which nodes an inference engine merges into the layer before them, and what that saves.

A node is merged if the value it reads comes from a convolution or linear layer (or from a node that was merged into
one), if nobody else reads that value, and if it isn't an output of the network. Batch norms straight behind the layer
are folded into its weights; activations, further batch norms, and sums whose other operands are read from memory are
fused: done on the result before it is written.
"""

from __future__ import annotations

from archdsl.analysis.options import CostOptions
from archdsl.ir.graph import Graph, Node, Value, users
from archdsl.ops.base import Operator

# What computes a layer; results of these can be changed before they are written.
LAYERS = frozenset({"conv1d", "conv2d", "conv_transpose2d", "linear"})
BATCH_NORMS = frozenset({"batch_norm1d", "batch_norm2d"})
# Activations that need more than the element itself.
_WHOLE = frozenset({"softmax", "log_softmax"})
_CHANNELWISE = frozenset({"scale", "add_bias"})


class Merged:
    """What is merged.

    Attributes:
        folded: batch norms that became part of the weights of the layer they name.
        fused: for each fused node, the value that is never written.
        widened: layers that get a bias from a folded batch norm.
    """

    def __init__(self, graph: Graph, options: CostOptions):
        self.folded: dict[Node, Node] = {}
        self.fused: dict[Node, Value] = {}
        self.widened: set[Node] = set()
        self._heads: dict[Value, Node] = {}
        self._plain: set[Value] = set()
        readers = users(graph)
        kept = set(graph.outputs.values())
        shared = _shared(graph)
        for node in graph.nodes:
            if node.op.name in LAYERS:
                self._heads[node.outputs[0]] = node
                if node.path not in shared:
                    self._plain.add(node.outputs[0])
                continue
            for value in node.operands:
                alone = value in self._heads and value not in kept and len(readers[value]) == 1
                if alone and self._merge(node, value, options):
                    break

    def _merge(self, node: Node, value: Value, options: CostOptions) -> bool:
        head, made = self._heads[value], node.outputs[0]
        if options.fold_batch_norm and value in self._plain and _can_fold(node):
            self.folded[node] = head
            if not getattr(head.op, "bias", True):
                self.widened.add(head)
            self._plain.discard(value)
        elif options.fuse and _can_fuse(node.op) and made.type == value.type:
            self.fused[node] = value
        else:
            return False
        self._heads[made] = head
        return True

    def in_place(self, node: Node) -> Value | None:
        """The operand in whose memory the result of a merged node lies."""
        return node.operands[0] if node in self.folded else self.fused.get(node)


def _can_fold(node: Node) -> bool:
    """Batch norms with running statistics; those without need the batch."""
    return node.op.name in BATCH_NORMS and any(spec.name == "running_mean" for spec in node.weights)


def _can_fuse(op: Operator) -> bool:
    if op.family == "activation":
        return op.name not in _WHOLE
    return op.name in BATCH_NORMS or op.name in _CHANNELWISE or op.name == "add"


def _shared(graph: Graph) -> set[str]:
    """Paths of weights that several nodes use: no batch norm can be folded into them."""
    seen: set[str] = set()
    found: set[str] = set()
    for node in graph.nodes:
        if node.op.name in LAYERS:
            (found if node.path in seen else seen).add(node.path)
    return found
