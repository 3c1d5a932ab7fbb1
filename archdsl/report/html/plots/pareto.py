"""Networks against each other, two figures at a time; less is better in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from archdsl.report.data import PARETO, NetworkData, ReportData
from archdsl.report.html.plots.scale import LogScale
from archdsl.report.text_width import shortened, text_width
from archdsl.report.units import human

WIDTH, HEIGHT = 420.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 76.0, 18.0, 20.0, 48.0
LABELS = {
    "params": "parameters",
    "mult_adds": "multiply-adds",
    "memory_access": "memory access (elements)",
    "seconds": "predicted time (ms)",
}
_SIZE = 12.0
_LONGEST = 26

_Area = tuple[float, float, float, float]


class Dot(NamedTuple):
    """A network: where, whether on the front, its name and where that stands (no name where there is no room)."""

    x: float
    y: float
    front: bool
    name: str
    text: str
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True)
class Pareto:
    """One plot: axes with their titles, dots, and the path along those that no other dot of this plot beats."""

    x: LogScale
    y: LogScale
    x_title: str
    y_title: str
    dots: list[Dot]
    front: str


def paretos(data: ReportData) -> list[Pareto]:
    """A plot for each pair of `PARETO` in which every network has something of both; with predictions, over time."""
    if len(data.networks) < 2:
        return []
    pairs = [(b, a) for a, b in combinations(PARETO, 2)]
    if all(network.latency for network in data.networks):
        pairs += [("seconds", key) for key in PARETO]
    return [plot for pair in pairs if (plot := _plot(data, *pair))]


def _plot(data: ReportData, x_key: str, y_key: str) -> Pareto | None:
    points = [(_figure(network, x_key), _figure(network, y_key)) for network in data.networks]
    if min(min(point) for point in points) <= 0:
        return None
    x = LogScale.around([p[0] for p in points], LEFT, WIDTH - RIGHT, 0.2)
    y = LogScale.around([p[1] for p in points], HEIGHT - BOTTOM, TOP, 0.15)
    places = [(x.at(a), y.at(b)) for a, b in points]
    taken: list[_Area] = [(px - 6, py - 6, px + 6, py + 6) for px, py in places]
    dots = []
    for number, (network, (px, py)) in enumerate(zip(data.networks, places, strict=True)):
        figures = f"{_shown(points[number][0])} {LABELS[x_key]}, {_shown(points[number][1])} {LABELS[y_key]}"
        name = shortened(network.label, _LONGEST)
        written, tx, ty, anchor = _name(name, px, py, taken)
        text = f"{network.label}\n{figures}"
        dots.append(Dot(px, py, number in data.front, written, text, round(tx, 1), round(ty, 1), anchor))
    return Pareto(x, y, LABELS[x_key], LABELS[y_key], dots, _front(points, x, y))


def _figure(network: NetworkData, key: str) -> float:
    return 1000 * network.seconds if key == "seconds" else network.figure(key)


def _shown(figure: float) -> str:
    return f"{figure:.3g}" if isinstance(figure, float) else human(figure)


def _name(name: str, x: float, y: float, taken: list[_Area]) -> tuple[str, float, float, str]:
    """The first free place beside the dot."""
    width = text_width(name, _SIZE)
    tries = (
        ("start", x + 9, y + 4, x + 9),
        ("end", x - 9, y + 4, x - 9 - width),
        ("middle", x, y - 11, x - width / 2),
        ("middle", x, y + 20, x - width / 2),
    )
    for anchor, tx, ty, left in tries:
        area = (left, ty - _SIZE + 1, left + width, ty + 3)
        inside = area[0] >= LEFT and area[2] <= WIDTH and area[1] >= 0 and area[3] <= HEIGHT - BOTTOM
        if inside and not any(_overlap(area, other) for other in taken):
            taken.append(area)
            return name, tx, ty, anchor
    return "", x, y, "start"


def _overlap(one: _Area, other: _Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _front(points: Sequence[tuple[float, float]], x: LogScale, y: LogScale) -> str:
    """Stairs from dot to dot: what lies above and to the right of them is beaten."""
    corners: list[tuple[float, float]] = []
    for a, b in sorted(set(points)):
        if not corners or b < corners[-1][1]:
            corners.append((a, b))
    path = [f"M{x.at(corners[0][0])} {y.end}V{y.at(corners[0][1])}"]
    path += [f"H{x.at(a)}V{y.at(b)}" for a, b in corners[1:]]
    return "".join([*path, f"H{x.end}"])
