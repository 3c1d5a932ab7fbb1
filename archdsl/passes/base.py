"""What a pass is: a small frozen dataclass with a name and `run`. It never changes the graph that it is given."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from archdsl.ir.graph import Graph
from archdsl.passes.weights import WeightStep


class PassResult(NamedTuple):
    """What a pass made of a graph.

    Attributes:
        graph: the new graph; the given one if nothing changed.
        changed: whether anything did.
        notes: what was done, one line for each kind of change, for reports.
        steps: how the weights of the new graph come from those of the old one, in order; empty if they are the same,
            those of nodes that are gone aside.
        places: paths of the nodes that something was done to, for reports.
    """

    graph: Graph
    changed: bool
    notes: tuple[str, ...] = ()
    steps: tuple[WeightStep, ...] = ()
    places: tuple[str, ...] = ()


class Pass(Protocol):
    """Graph to graph. Its module says which equations it uses and under which conditions they hold.

    Every pass is linear in the size of the graph, and a second run on its own result changes nothing.
    """

    @property
    def name(self) -> str:
        """What reports and pipelines call it."""

    def run(self, graph: Graph) -> PassResult:
        """The graph with the pass applied; inputs and the names of outputs stay."""


def unchanged(graph: Graph) -> PassResult:
    """The result of a pass that found nothing to do."""
    return PassResult(graph, changed=False)


def counted(number: int, what: str, several: str = "") -> str:
    """`1 node`, `3 nodes`: for notes. `several` is the plural where it isn't made with an s."""
    return f"{number} {what}" if number == 1 else f"{number} {several or what + 's'}"
