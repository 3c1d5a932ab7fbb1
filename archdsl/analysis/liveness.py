"""Peak memory of activations, by the schedule that the generated forward function follows.

Nodes run in graph order. In a cell call a value is freed right after the step that reads it last; the arguments of a
call live until it returns, those of the network (its inputs) throughout. What an operator reads and what it makes
are there at the same time. Views take no memory of their own and keep what they look at alive. Scratch space within
an operator isn't counted, nor are weights, nor what training keeps for the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from archdsl.analysis.figures import INTEGER_BYTES, Figures, figures_of
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.hierarchy import Frame, bodies
from archdsl.types import TensorType

_FLOAT_BYTES = 4


class Peak(NamedTuple):
    """The largest amount of activations that live at one time, for one sample.

    `elements` and `bytes` are maxima by themselves: with int64 values they may be reached at different steps.
    """

    elements: int
    bytes: int


def peak_activation(graph: Graph) -> int:
    """Elements of one sample at the peak, inputs of the network included."""
    return peak(graph).elements


def peak(graph: Graph, float_bytes: int = _FLOAT_BYTES) -> Peak:
    """Elements and bytes of one sample at the peak; linear in the size of the graph."""
    return peak_of(graph, [figures_of(node.op, node.operand_types) for node in graph.nodes], None, float_bytes)


def live(graph: Graph, figures: Sequence[Figures]) -> list[int]:
    """Elements of one sample that live while each node runs, inputs of the network and its own results included.

    Args:
        graph: the network.
        figures: of each node, in graph order.
    """
    storages = Storages(graph, figures)
    freed = [0] * (len(graph.nodes) + 1)
    for size, last in zip(storages.elements, storages.last, strict=True):
        freed[last] += size
    found, elements = [], storages.input_elements
    for (made, _), gone in zip(storages.made, freed, strict=False):  # what outlives all nodes is freed behind the last
        elements += made
        found.append(elements)
        elements -= gone
    return found


def peak_of(
    graph: Graph,
    figures: Sequence[Figures],
    in_place: Callable[[Node], Value | None] | None = None,
    float_bytes: int = _FLOAT_BYTES,
) -> Peak:
    """The peak, given what is known of each node.

    Args:
        graph: the network.
        figures: of each node, in graph order.
        in_place: the operand in whose memory a node puts its result, if it does.
        float_bytes: bytes of a floating-point element.
    """
    storages = Storages(graph, figures, in_place)
    freed_elements, freed_integers = [0] * (len(graph.nodes) + 1), [0] * (len(graph.nodes) + 1)
    for elements, integers, last in zip(storages.elements, storages.integers, storages.last, strict=True):
        freed_elements[last] += elements
        freed_integers[last] += integers
    elements, integers = storages.input_elements, storages.input_integers
    most, most_bytes = elements, elements * float_bytes + integers * (INTEGER_BYTES - float_bytes)
    extra = INTEGER_BYTES - float_bytes
    for i, (made, made_integers) in enumerate(storages.made):
        elements += made
        integers += made_integers
        if elements > most:
            most = elements
        taken = elements * float_bytes + integers * extra
        if taken > most_bytes:
            most_bytes = taken
        elements -= freed_elements[i]
        integers -= freed_integers[i]
    return Peak(most, most_bytes)


class Storages:
    """Every piece of memory that holds activations: its size for one sample, and after which node it is freed.

    Attributes:
        elements, integers: size of each, and how many of its elements are int64.
        last: the node after which it is freed; the number of nodes if it never is.
        of: for each value, the number of its storage.
        made: for each node, elements and integers of the storages it makes.
    """

    def __init__(
        self, graph: Graph, figures: Sequence[Figures], in_place: Callable[[Node], Value | None] | None = None
    ):
        self.elements: list[int] = []
        self.integers: list[int] = []
        self.last: list[int] = []
        self.of: dict[Value, int] = {}
        self.made: list[tuple[int, int]] = []
        root, homes = bodies(graph)
        self._homes: list[Frame] = []
        end = len(graph.nodes)
        for value in graph.inputs.values():
            self.of[value] = self._new(*_size(value.type), root, end)
        self.input_elements, self.input_integers = sum(self.elements), sum(self.integers)
        self._walk(graph, figures, homes, _ends(homes), in_place)
        for value in graph.outputs.values():
            self.last[self.of[value]] = end

    def _new(self, elements: int, integers: int, home: Frame, last: int) -> int:
        self.elements.append(elements)
        self.integers.append(integers)
        self.last.append(last)
        self._homes.append(home)
        return len(self.last) - 1

    def _walk(
        self,
        graph: Graph,
        figures: Sequence[Figures],
        homes: Sequence[Frame],
        ends: dict[Frame, int],
        in_place: Callable[[Node], Value | None] | None,
    ) -> None:
        of, last, where = self.of, self.last, self._homes
        birth: dict[Value, Frame] = {}
        nothing = (0, 0)
        for i, node in enumerate(graph.nodes):
            home, known = homes[i], figures[i]
            for value in node.operands:
                source = birth.get(value)
                freed = i if source is home else _freed(source or where[of[value]], home, i, ends)
                storage = of[value]
                if freed > last[storage]:
                    last[storage] = freed
            held = node.operands[0] if known.view else in_place(node) if in_place is not None else None
            if held is not None:
                storage = of[held]
                for value in node.outputs:
                    of[value], birth[value] = storage, home
                if last[storage] < i:
                    last[storage] = i
                self.made.append(nothing)
                continue
            for value in node.outputs:
                size = (known.made, known.made_integers) if len(node.outputs) == 1 else _size(value.type)
                of[value], birth[value] = self._new(*size, home, i), home
            self.made.append((known.made, known.made_integers))


def _ends(homes: Sequence[Frame]) -> dict[Frame, int]:
    """The last node of each frame, those of the calls within it included."""
    ends: dict[Frame, int] = {}
    for i in range(len(homes) - 1, -1, -1):
        frame: Frame | None = homes[i]
        while frame is not None and frame not in ends:
            ends[frame] = i
            frame = frame.parent
    return ends


def _freed(source: Frame, reader: Frame, i: int, ends: dict[Frame, int]) -> int:
    """After which node a value made in `source` may go, as far as node `i` in the frame `reader` needs it.

    Where both meet, the value is freed after the item that reads it: the node, or the call that it lies in.
    """
    freed = i
    while source is not reader:
        if reader.depth >= source.depth:
            freed = ends[reader]
            assert reader.parent is not None
            reader = reader.parent
        else:
            assert source.parent is not None
            source = source.parent
    return freed


def _size(type: TensorType) -> tuple[int, int]:
    """Elements of a value, and how many of them are integers."""
    elements = type.elements
    return elements, elements if type.dtype == "int64" else 0
