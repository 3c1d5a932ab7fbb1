"""Places for boxes and the edges between them; opened cells are laid out on their own and placed as boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.ir.graph import Value
from archdsl.report.diagram import Box
from archdsl.report.layering import Edge, layered
from archdsl.report.placement import placed
from archdsl.report.text_width import shortened, text_width

TITLE, NOTE = 13.0, 11.0
LINE = 15.0
HEADER = 26.0
_PADDING_X, _PADDING_Y = 14.0, 8.0
_MARGIN = 16.0
_ROW_GAP, _MOST_ROW_GAP = 30.0, 64.0
_SLOT = 12.0
_MOST_BESIDE_STRAIGHT = 3
_FARTHEST_PORTS = 40.0
_LONGEST_TITLE = 44
_MOST_VERTICES = 20_000

Point = tuple[float, float]


@dataclass(eq=False)
class Placed:
    """A box with its upper left corner and size; for an opened cell also what is in it, in the same coordinates."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    inner: Scene | None = None

    def shift(self, dx: float, dy: float) -> None:
        """Move the box and all that is in it."""
        self.x, self.y = self.x + dx, self.y + dy
        if self.inner is not None:
            self.inner.shift(dx, dy)


@dataclass(eq=False)
class Wire:
    """An edge: the points it runs through from top to bottom, vertical at each of them.

    Attributes:
        points: where it runs.
        leaves: whether it ends at the bottom border of the scene, and not at a box.
    """

    points: list[Point]
    leaves: bool


@dataclass(eq=False)
class Scene:
    """A drawing without looks: boxes, wires, size; where values enter at the top and leave at the bottom."""

    width: float
    height: float
    boxes: list[Placed] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)
    exits: list[float] = field(default_factory=list)

    def shift(self, dx: float, dy: float) -> None:
        """Move everything."""
        for box in self.boxes:
            box.shift(dx, dy)
        for wire in self.wires:
            wire.points = [(x + dx, y + dy) for x, y in wire.points]


def title_of(box: Box) -> str:
    """The box's first line."""
    named = f"{box.name}: {box.title}" if box.name else box.title
    return shortened(named, _LONGEST_TITLE) + (f" × {box.times}" if box.times > 1 else "")


def lines_of(box: Box) -> list[str]:
    """The lines under the title, empty ones left out."""
    return [line for line in (" · ".join(box.notes), box.shape, box.figures) if line]


def arranged(boxes: Sequence[Box], entering: Sequence[Value] = (), leaving: Sequence[Value] = ()) -> Scene:
    """Lay out boxes; `entering` values come in at the top border, `leaving` ones go out at the bottom border.

    Raises:
        ArchdslError: E1002 if there are too many boxes and edges.
    """
    return _Arrangement(boxes, entering, leaving).scene()


class _Arrangement:
    """Vertices are the entering values, the boxes, and the leaving values, in this order."""

    def __init__(self, boxes: Sequence[Box], entering: Sequence[Value], leaving: Sequence[Value]):
        self.entries, self.exits = len(entering), len(leaving)
        self.items = [_measured(box) for box in boxes]
        self.count = self.entries + len(boxes) + self.exits
        self.edges: list[Edge] = []
        self.offsets: list[tuple[float, float]] = []
        self._connect(boxes, entering, leaving)
        top = range(self.entries)
        bottom = range(self.count - self.exits, self.count)
        self._limit(self.count + len(self.edges))
        self.layers = layered(self.count, self.edges, top, bottom)
        self._limit(len(self.layers.row_of))
        self.centres = placed(self.layers, [self.width(v) for v in range(self.count)], self._wanted_offsets())

    def _limit(self, size: int) -> None:
        if size > _MOST_VERTICES:
            message = f"a drawing of {len(self.items)} boxes and {len(self.edges)} edges is too large"
            raise ArchdslError(Diagnostic("E1002", message, label="open fewer levels of cells"))

    def item(self, vertex: int) -> Placed | None:
        """The box that is this vertex; None for values at the border."""
        place = vertex - self.entries
        return self.items[place] if 0 <= place < len(self.items) else None

    def width(self, vertex: int) -> float:
        item = self.item(vertex) if vertex < self.count else None
        return item.width if item else 0.0

    def height(self, vertex: int) -> float:
        item = self.item(vertex) if vertex < self.count else None
        return item.height if item else 0.0

    def _connect(self, boxes: Sequence[Box], entering: Sequence[Value], leaving: Sequence[Value]) -> None:
        source: dict[Value, tuple[int, float]] = {value: (i, 0.0) for i, value in enumerate(entering)}
        seen: set[tuple[int, float, int, float]] = set()

        def join(value: Value, target: int, arrive: float) -> None:
            start, leave = source[value]
            if (start, leave, target, arrive) not in seen:
                seen.add((start, leave, target, arrive))
                self.edges.append((start, target))
                self.offsets.append((leave, arrive))

        for number, box in enumerate(boxes, self.entries):
            item = self.items[number - self.entries]
            for place, value in enumerate(box.reads):
                join(value, number, _port(item, item.inner.entries, place) if item.inner else 0.0)
            for place, value in enumerate(box.makes):
                source[value] = (number, _port(item, item.inner.exits, place) if item.inner else 0.0)
            for value in box.passed:
                source.setdefault(value, (number, source[box.makes[0]][1] if box.makes else 0.0))
        for place, value in enumerate(leaving):
            join(value, self.count - self.exits + place, 0.0)

    def _wanted_offsets(self) -> list[tuple[float, float]]:
        """The offsets, but 0 between boxes whose ports lie far apart: straight edges would make stairs of them."""
        wanted = []
        for chain, (leave, arrive) in zip(self.layers.chains, self.offsets, strict=True):
            far = len(chain) == 2 and abs(leave - arrive) > _FARTHEST_PORTS
            wanted.append((0.0, 0.0) if far else (leave, arrive))
        return wanted

    def scene(self) -> Scene:
        tops = self._rows()
        scene = Scene(max([c + self.width(v) / 2 for v, c in enumerate(self.centres)], default=0.0), tops[-1][1])
        for vertex in range(self.entries, self.entries + len(self.items)):
            item = self.item(vertex)
            assert item is not None
            top, bottom = tops[self.layers.row_of[vertex]]
            item.shift(self.centres[vertex] - item.width / 2, (top + bottom - item.height) / 2)
            scene.boxes.append(item)
        scene.wires = self._wires(tops)
        scene.entries = self.centres[: self.entries]
        scene.exits = self.centres[self.count - self.exits : self.count]
        return scene

    def _rows(self) -> list[tuple[float, float]]:
        """Top and bottom of each row; rows stand further apart where edges between them run far to the side."""
        farthest = [0.0] * len(self.layers.rows)
        for chain in self.layers.chains:
            for upper, lower in pairwise(chain):
                row = self.layers.row_of[upper]
                farthest[row] = max(farthest[row], abs(self.centres[upper] - self.centres[lower]))
        tops: list[tuple[float, float]] = []
        y = 0.0
        for number, vertices in enumerate(self.layers.rows):
            tops.append((y, y + max(self.height(v) for v in vertices)))
            y = tops[-1][1] + min(_MOST_ROW_GAP, _ROW_GAP + 0.08 * farthest[number])
        return tops or [(0.0, 0.0)]

    def _wires(self, tops: Sequence[tuple[float, float]]) -> list[Wire]:
        slots = self._slots()
        wires = []
        for number, chain in enumerate(self.layers.chains):
            source, target = chain[0], chain[-1]
            leave = self.centres[source] + self.offsets[number][0]
            points = [(leave, self._bottom(source, tops)), (leave, tops[self.layers.row_of[source]][1])]
            for dummy in chain[1:-1]:
                x = self.centres[dummy]
                points += [(x, y) for y in tops[self.layers.row_of[dummy]]]
            arrive = self.centres[target] + slots[number]
            points += [(arrive, tops[self.layers.row_of[target]][0]), (arrive, self._top(target, tops))]
            wires.append(Wire(_distinct(points), target >= self.count - self.exits))
        return wires

    def _bottom(self, vertex: int, tops: Sequence[tuple[float, float]]) -> float:
        top, bottom = tops[self.layers.row_of[vertex]]
        return (top + bottom + self.height(vertex)) / 2

    def _top(self, vertex: int, tops: Sequence[tuple[float, float]]) -> float:
        top, bottom = tops[self.layers.row_of[vertex]]
        return (top + bottom - self.height(vertex)) / 2

    def _slots(self) -> list[float]:
        """For each edge, how far from the centre it arrives: edges into one closed box stand side by side."""
        arriving: dict[int, list[int]] = {}
        slots = [arrive for _, arrive in self.offsets]
        for number, (_, target) in enumerate(self.edges):
            item = self.item(target)
            if item is not None and item.inner is None:
                arriving.setdefault(target, []).append(number)
        for target, numbers in arriving.items():
            # From left to right as they come: where each runs in the row above.
            numbers.sort(key=lambda n: (self.centres[self.layers.chains[n][-2]], n))
            step = min(_SLOT, 0.7 * self.width(target) / len(numbers))
            middle = (len(numbers) - 1) / 2
            if len(numbers) <= _MOST_BESIDE_STRAIGHT:  # one that comes straight down arrives so
                came = [self.centres[self.layers.chains[n][-2]] - self.centres[target] for n in numbers]
                middle = next((float(i) for i, dx in enumerate(came) if abs(dx) < 0.5), middle)
            for place, number in enumerate(numbers):
                slots[number] = (place - middle) * step
        return slots


def _distinct(points: Sequence[Point]) -> list[Point]:
    """The points without those that stand on the one before: an arrow needs a direction."""
    return [points[0], *(q for p, q in pairwise(points) if abs(p[0] - q[0]) + abs(p[1] - q[1]) > 0.1)]


def _port(item: Placed, ports: Sequence[float], place: int) -> float:
    """How far right of the box's centre a port stands; chains of cells may have fewer ports than values."""
    return ports[place] - item.width / 2 if place < len(ports) else 0.0


def _measured(box: Box) -> Placed:
    title = text_width(title_of(box), TITLE, bold=True)
    if box.body is None:
        lines = lines_of(box)
        width = max([title, *(text_width(line, NOTE) for line in lines)])
        return Placed(box, 0.0, 0.0, width + 2 * _PADDING_X, TITLE + 4 + LINE * len(lines) + 2 * _PADDING_Y)
    scene = arranged(box.body, box.reads, box.inner_makes)
    header = title + text_width("   " + box.figures, NOTE) + 2 * _PADDING_X
    width = max(scene.width + 2 * _MARGIN, header)
    left = (width - scene.width) / 2
    if not scene.exits:
        scene.height += _ROW_GAP / 2
    scene.shift(left, HEADER)
    scene.entries = [x + left for x in scene.entries]
    scene.exits = [x + left for x in scene.exits]
    return Placed(box, 0.0, 0.0, width, HEADER + scene.height, scene)
