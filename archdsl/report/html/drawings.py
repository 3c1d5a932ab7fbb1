"""The drawing with cost as colour: every closed box says, for each figure, on which step of the heat scale it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Node
from archdsl.report.data import NetworkData
from archdsl.report.diagram import Box, diagram, flat
from archdsl.report.svg import Embedding, to_inline_svg

# Shares of the whole at which the next colour begins; without cost there is a colour of its own.
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
# Figures that may be shown as colour, with the letter that classes of boxes begin with.
HEATS = {"params": "p", "mult_adds": "m", "memory_access": "a", "bound": "b"}

_DEEPEST = 4
_MOST_BOXES = 320
_BEST_BOXES = 60
_MOST_NODES = 20_000  # what folding and comparing chains of boxes takes a second for


@dataclass
class Drawing:
    """One drawing of a network.

    Attributes:
        depth: levels of cells that are open.
        svg: the drawing, safe to put into a page.
        shown: whether it is what a reader sees first.
    """

    depth: int
    svg: str
    shown: bool = False


def drawings(network: NetworkData, prefix: str) -> list[Drawing]:
    """Drawings with more and more cells opened, as far as they can be looked at; empty if none can.

    `prefix` begins the ids in them.
    """
    if len(network.graph.nodes) > _MOST_NODES:
        return []
    shares = _Shares(network)
    found: list[Drawing] = []
    previous = 0
    best = 0
    for depth in range(1, _DEEPEST + 1):
        try:
            boxes = diagram(network.graph, depth)
            size = sum(1 for _ in flat(boxes))
            if size > _MOST_BOXES:
                break
            if size == previous:
                continue
            label = f"Drawing of {network.label}"
            svg = to_inline_svg(boxes, label, Embedding(f"{prefix}-{depth}", shares.attributes))
        except ArchdslError:  # E1002: too large to be laid out
            break
        previous = size
        if size <= _BEST_BOXES:
            best = len(found)
        found.append(Drawing(depth, svg))
    if found:
        found[best].shown = True
    return found


class _Shares:
    """What each box has of the network's figures."""

    def __init__(self, network: NetworkData):
        report = network.cost
        self.rows = dict(zip(network.graph.nodes, report.layers, strict=True))
        self.seconds: dict[Node, float] = {}
        self.totals = {"params": report.params, "mult_adds": report.mult_adds, "memory_access": report.memory_access}
        if network.times:
            self.seconds = dict(zip(network.graph.nodes, network.times, strict=True))
        self.whole_seconds = network.seconds
        self.numbers = count()

    def attributes(self, box: Box) -> Mapping[str, str]:
        """Class and path of a closed box."""
        if box.kind == "terminal":
            return {"class": "terminal"}
        rows = [self.rows[node] for node in box.nodes]
        steps = [
            f"{HEATS[key]}{heat(sum(getattr(row, key) for row in rows) / total if total else 0.0)}"
            for key, total in self.totals.items()
        ]
        if self.seconds:
            taken = sum(self.seconds[node] for node in box.nodes)
            steps.append(f"b{heat(taken / self.whole_seconds if self.whole_seconds else 0.0)}")
        return {"class": " ".join(["box", *steps]), "data-path": box.path}


def heat(share: float) -> int:
    """The step on the heat scale: 0 for nothing, then one for each of `STEPS`."""
    return 0 if share <= 0 else 1 + bisect_right(STEPS, share)
