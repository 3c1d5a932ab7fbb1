"""A plot of mean regret by queries, both logarithmic, as one SVG file."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from xml.sax.saxutils import escape

COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
    "#111",
)  # fmt: skip
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 480, 70, 40, 250, 50
LOWEST = 0.001


def plot(curves: Mapping[str, Mapping[int, float]], title: str) -> str:
    """One line for each searcher. Regrets below a thousandth are drawn there."""
    if not curves:
        return "<svg xmlns='http://www.w3.org/2000/svg'/>\n"
    most = max(max(curve) for curve in curves.values())
    highest = max(max(curve.values()) for curve in curves.values())

    def x(queries: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * log10(queries) / log10(most)

    def y(regret: float) -> float:
        place = log10(max(regret, LOWEST) / LOWEST) / log10(highest / LOWEST)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place

    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' font-family='sans-serif'>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
        "<g font-size='13'>",
        f"<text x='{LEFT}' y='24' font-size='16'>{escape(title)}</text>",
    ]
    for queries in (1, 10, 100, 1000):
        if queries <= most:
            parts.append(_line(x(queries), TOP, x(queries), HEIGHT - BOTTOM))
            parts.append(f"<text x='{x(queries):.1f}' y='{HEIGHT - 30}' text-anchor='middle'>{queries:,}</text>")
    for regret in (0.001, 0.01, 0.1, 1, 10):
        if regret <= highest:
            label = "≤ 0.001" if regret == LOWEST else f"{regret:g}"
            parts.append(_line(LEFT, y(regret), WIDTH - RIGHT, y(regret)))
            parts.append(f"<text x='{LEFT - 8}' y='{y(regret) + 4:.1f}' text-anchor='end'>{label}</text>")
    parts.append(f"<text x='{(LEFT + WIDTH - RIGHT) / 2}' y='{HEIGHT - 8}' text-anchor='middle'>queries</text>")
    for place, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[place % len(COLOURS)]
        points = " ".join(f"{x(n):.1f},{y(r):.1f}" for n, r in curve.items())
        parts.append(f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2'/>")
        at, row = WIDTH - RIGHT + 20, TOP + 20 * place
        parts.append(f"<rect x='{at}' y='{row}' width='14' height='4' fill='{colour}'/>")
        parts.append(f"<text x='{at + 22}' y='{row + 7}'>{escape(name)}</text>")
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='#ddd'/>"
