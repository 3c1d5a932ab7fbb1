"""NATS-Bench's architecture strings: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`, and which of them it calls one.

The rule is the one of its `to_unique_str` (Dong and others, "NATS-Bench", arXiv:2009.00437): a node is the sum of its
edges, written in alphabetical order; `skip_connect` is the node it reads; `none`, and any edge that reads a node
which is `#`, is `#`. On the topology space it tells 6,466 classes apart. It keeps what makes no difference to the
function (a `#` in a sum), so that it is finer than the canonical graph in places; nothing else is claimed of it.
"""

from __future__ import annotations

import re

_EDGE = re.compile(r"([A-Za-z0-9_]+)~(\d+)")
ZERO = "#"


def edges(arch: str) -> list[list[tuple[str, int]]]:
    """For each node, operation and source of its edges.

    Raises:
        ValueError: if the text is no architecture string.
    """
    found = [[(op, int(source)) for op, source in _EDGE.findall(node)] for node in arch.split("+")]
    for number, node in enumerate(found):
        if not node or any(source > number for _, source in node):
            raise ValueError(f"`{arch}` is no architecture string")
    return found


def unique_string(arch: str) -> str:
    """What equal architectures share."""
    nodes = ["0"]
    for node in edges(arch):
        nodes.append("+".join(sorted(_term(op, nodes[source]) for op, source in node)))
    return nodes[-1]


def _term(op: str, source: str) -> str:
    if op == "none" or source == ZERO:
        return ZERO
    return source if op == "skip_connect" else f"({source})@{op}"
