"""Which node of one network is which of another: by path, then by structure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from archdsl.ir.graph import Graph, Node
from archdsl.ir.labelling import canonical_order
from archdsl.ir.structure import structure_of

# Longest sequences that are compared as such; it takes the product of their lengths.
_LONGEST = 4_000_000


def aligned(before: Graph, after: Graph, isomorphic: bool = False) -> list[tuple[Node, Node]]:
    """Pairs of corresponding nodes, in the order of `before`; every node is in one pair at most.

    Nodes with one path and operator belong together (calls that share a path in order). The others are matched where
    operator, attributes and types agree, in graph order.

    Args:
        isomorphic: whether the graphs are known to be one network; if they are as they stand, pairs follow that.
    """
    if isomorphic and len(before.nodes) == len(after.nodes):
        pairs = list(_by_isomorphism(before, after))
        if all(a.op is b.op and a.output_types == b.output_types for a, b in pairs):
            return pairs
    pairs = _by_path(before, after)
    taken = {id(node) for pair in pairs for node in pair}
    rest = [[(node, label) for node, label in _labelled(graph) if id(node) not in taken] for graph in (before, after)]
    pairs += _by_label(*rest)
    place = {id(node): index for index, node in enumerate(before.nodes)}
    return sorted(pairs, key=lambda pair: place[id(pair[0])])


def _by_isomorphism(before: Graph, after: Graph) -> Iterator[tuple[Node, Node]]:
    """Canonical orders of isomorphic structures agree vertex by vertex."""
    orders = [canonical_order(structure_of(graph)) for graph in (before, after)]
    other = dict(zip(*orders, strict=True))
    for index, node in enumerate(before.nodes, len(before.inputs)):
        yield node, after.nodes[other[index] - len(after.inputs)]


def _by_path(before: Graph, after: Graph) -> list[tuple[Node, Node]]:
    waiting: dict[tuple[str, str], deque[Node]] = defaultdict(deque)
    for node in after.nodes:
        waiting[node.path, node.op.name].append(node)
    pairs = []
    for node in before.nodes:
        same = waiting.get((node.path, node.op.name))
        if same:
            pairs.append((node, same.popleft()))
    return pairs


def _labelled(graph: Graph) -> list[tuple[Node, str]]:
    labels = structure_of(graph).labels[len(graph.inputs) :]
    return list(zip(graph.nodes, labels, strict=False))  # the last label is that of the outputs


def _by_label(before: Sequence[tuple[Node, str]], after: Sequence[tuple[Node, str]]) -> list[tuple[Node, Node]]:
    if len(before) * len(after) > _LONGEST:
        waiting: dict[str, deque[Node]] = defaultdict(deque)
        for node, label in after:
            waiting[label].append(node)
        return [(node, waiting[label].popleft()) for node, label in before if waiting.get(label)]
    matcher = SequenceMatcher(None, [label for _, label in before], [label for _, label in after], autojunk=False)
    return [
        (before[block.a + i][0], after[block.b + i][0])
        for block in matcher.get_matching_blocks()
        for i in range(block.size)
    ]
