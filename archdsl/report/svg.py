"""A drawing as SVG: one file that needs nothing else, for light and dark ground."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from archdsl.ir.graph import Graph
from archdsl.report.diagram import Box, diagram, flat
from archdsl.report.labels import Figures
from archdsl.report.layout import HEADER, LINE, NOTE, TITLE, Placed, Scene, Wire, arranged, lines_of, title_of
from archdsl.report.palette import KINDS, NIGHT, PAPER
from archdsl.report.text_width import text_width

_FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
_MARGIN = 24.0
_HEAD = 52.0  # the network's name and figures
_LEGEND = 22.0
_CORNER = 7
# XML has no way to write the other control characters.
_CONTROLS = [*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
_UNWRITABLE = dict.fromkeys(_CONTROLS, "�")


class Embedding(NamedTuple):
    """How a drawing is tied to the page it stands in.

    Attributes:
        prefix: what its ids begin with; two drawings in a page need two.
        attributes: further attributes of the group that is a closed box.
    """

    prefix: str
    attributes: Callable[[Box], Mapping[str, str]]


_ALONE = Embedding("ad", lambda box: {})


def to_svg(graph: Graph, depth: int = 1, title: str = "") -> str:
    """Draw the network from top to bottom.

    Cells below `depth` are closed boxes with their figures; a chain of equal boxes is one box with `× 4`. The same
    graph gives the same text. Colours are attributes, and those for dark ground a style sheet within the file.

    Args:
        graph: the network.
        depth: levels of cells to open; 1 shows the network's own steps.
        title: stands on top; by default the network's name.

    Raises:
        ArchdslError: E1002 if that would be too many boxes.
    """
    return drawing(diagram(graph, depth), title or graph.name, graph)


def drawing(boxes: Sequence[Box], name: str, graph: Graph) -> str:
    """Boxes as a drawing that stands alone, under a name and the figures of what is drawn.

    Raises:
        ArchdslError: E1002 if there are too many boxes and edges.
    """
    scene = arranged(boxes)
    subtitle = Figures(graph).text([node for box in boxes for node in box.nodes])
    kinds = _kinds(boxes)
    legend_width = sum(_legend_step(kind) for kind in kinds)
    content = max(scene.width, legend_width, text_width(name, 18, bold=True), text_width(subtitle, 12))
    width, height = content + 2 * _MARGIN, _HEAD + scene.height + _LEGEND + 3 * _MARGIN
    scene.shift(_MARGIN + (content - scene.width) / 2, _HEAD + _MARGIN)
    lines = [
        _opening(width, height, name),
        f"<title>{_text(name)}</title>",
        f"<style>{night_rules(kinds)}</style>",
        _defs(_ALONE),
        f'<rect class="ad-paper" width="100%" height="100%" fill="{PAPER.fill}"/>',
        _line(_MARGIN, 34, name, 18, "ink", PAPER.text, bold=True),
        _line(_MARGIN, 54, subtitle, 12, "ink", PAPER.text),
        *_scene(scene, _ALONE),
        *_legend(kinds, height - _MARGIN),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def to_inline_svg(boxes: Sequence[Box], label: str, embedding: Embedding) -> str:
    """The drawing for an HTML page: without heading and style sheet; the page brings `night_rules`.

    Args:
        boxes: as `diagram` gives them.
        label: what the drawing is called for those who can't see it.
        embedding: ids and attributes that the page wants.

    Raises:
        ArchdslError: E1002 if there are too many boxes and edges.
    """
    scene = arranged(boxes)
    kinds = _kinds(boxes)
    content = max(scene.width, sum(_legend_step(kind) for kind in kinds))
    width, height = content + 2 * _MARGIN, scene.height + _LEGEND + 3 * _MARGIN
    scene.shift(_MARGIN + (content - scene.width) / 2, _MARGIN)
    lines = [_opening(width, height, label), _defs(embedding), *_scene(scene, embedding)]
    lines += ['<g class="ad-legend">', *_legend(kinds, height - _MARGIN), "</g>", "</svg>"]
    return "\n".join(lines)


def _kinds(boxes: Sequence[Box]) -> list[str]:
    """The kinds that closed boxes have, in the order of the legend."""
    present = {box.kind for box in flat(boxes) if box.body is None}
    return [kind for kind in KINDS if kind in present]


def _opening(width: float, height: float, name: str) -> str:
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    label = quoteattr(_writable(name))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{_FONT}" role="img" aria-label={label}>'


def night_rules(kinds: Sequence[str]) -> str:
    """Style rules for dark ground."""
    rules = [
        f".ad-paper{{fill:{NIGHT.fill}}}.ad-ink{{fill:{NIGHT.text}}}",
        f".ad-wire{{stroke:{NIGHT.line}}}.ad-tip{{fill:{NIGHT.line}}}",
        ".ad-frame{fill:#1b2024;stroke:#607d8b}.ad-band{fill:#37444b}",
    ]
    for kind in kinds:
        fill, line, text = KINDS[kind].dark
        rules.append(f".ad-{kind}{{fill:{fill};stroke:{line}}}.ad-{kind}-text{{fill:{text}}}")
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"


def _defs(embedding: Embedding) -> str:
    return (
        f'<defs><marker id="{embedding.prefix}-arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="ad-tip" d="M0 .8 8 4 0 7.2z" fill="#78909c"/></marker></defs>'
    )


def _scene(scene: Scene, embedding: Embedding) -> Iterator[str]:
    """Frames first, then edges, then boxes, so that edges run over frames and under boxes."""
    yield from (line for box in scene.boxes if box.inner is not None for line in _frame(box))
    yield from (_wire(wire, embedding) for wire in scene.wires)
    for box in scene.boxes:
        if box.inner is None:
            yield from _box(box, embedding)
        else:
            yield from _scene(box.inner, embedding)


def _frame(placed: Placed) -> Iterator[str]:
    """An opened cell: a ground for what is in it, under a band with its name."""
    for offset in (5.0, 0.0) if placed.box.times > 1 else (0.0,):
        yield _rect(placed, "frame", "#f5f7f8", "#90a4ae", offset=offset)
    x, y, right, radius = placed.x, placed.y, placed.x + placed.width, _CORNER
    band = f"M{_n(x)} {_n(y + HEADER)}V{_n(y + radius)}a{radius} {radius} 0 0 1 {radius} -{radius}"
    band += f"H{_n(right - radius)}a{radius} {radius} 0 0 1 {radius} {radius}V{_n(y + HEADER)}z"
    yield f'<g>{_tooltip(placed)}<path class="ad-band" d="{band}" fill="#cfd8dc"/>'
    title = title_of(placed.box)
    yield _line(x + 12, y + 18, title, TITLE, "ink", PAPER.text, bold=True)
    yield _line(
        x + 12 + text_width(title + "  ", TITLE, bold=True), y + 18, placed.box.figures, NOTE, "ink", PAPER.text
    )
    yield "</g>"


def _box(placed: Placed, embedding: Embedding) -> Iterator[str]:
    box = placed.box
    light = KINDS[box.kind].light
    attributes = "".join(f" {name}={quoteattr(_writable(v))}" for name, v in embedding.attributes(box).items())
    yield f"<g{attributes}>{_tooltip(placed)}"
    if box.times > 1:  # a stack of cards
        yield _rect(placed, box.kind, light.fill, light.line, offset=6)
        yield _rect(placed, box.kind, light.fill, light.line, offset=3)
    yield _rect(placed, box.kind, light.fill, light.line)
    lines = lines_of(box)
    x, y = placed.x + placed.width / 2, placed.y + (placed.height - LINE * len(lines)) / 2 + TITLE * 0.36
    yield _line(x, y, title_of(box), TITLE, f"{box.kind}-text", light.text, bold=True, middle=True)
    for number, line in enumerate(lines, 1):
        yield _line(x, y + 1 + LINE * number, line, NOTE, f"{box.kind}-text", light.text, middle=True)
    yield "</g>"


def _tooltip(placed: Placed) -> str:
    box = placed.box
    facts = [box.path or box.title, *lines_of(box)]
    return f"<title>{_text(chr(10).join(facts))}</title>"


def _rect(placed: Placed, kind: str, fill: str, line: str, offset: float = 0) -> str:
    corner = placed.height / 2 if kind == "terminal" else _CORNER
    stroke = 1.6 if kind == "cell" else 1.1
    return (
        f'<rect class="ad-{kind}" x="{_n(placed.x + offset)}" y="{_n(placed.y + offset)}" width="{_n(placed.width)}" '
        f'height="{_n(placed.height)}" rx="{_n(corner)}" fill="{fill}" stroke="{line}" stroke-width="{stroke}"/>'
    )


def _wire(wire: Wire, embedding: Embedding) -> str:
    """Straight along the boxes it passes, a curve from row to row."""
    path = [f"M{_n(wire.points[0][0])} {_n(wire.points[0][1])}"]
    for (x, y), (to_x, to_y) in pairwise(wire.points):
        if abs(x - to_x) < 0.5:
            path.append(f"V{_n(to_y)}")
        else:
            middle = (y + to_y) / 2
            path.append(f"C{_n(x)} {_n(middle)} {_n(to_x)} {_n(middle)} {_n(to_x)} {_n(to_y)}")
    end = "" if wire.leaves else f' marker-end="url(#{embedding.prefix}-arrow)"'
    return f'<path class="ad-wire" d="{"".join(path)}" fill="none" stroke="#78909c" stroke-width="1.4"{end}/>'


def _legend(kinds: Sequence[str], y: float) -> Iterator[str]:
    x = _MARGIN
    for kind in kinds:
        light = KINDS[kind].light
        yield (
            f'<rect class="ad-{kind}" x="{_n(x)}" y="{_n(y - 10)}" width="16" height="12" rx="3" '
            f'fill="{light.fill}" stroke="{light.line}"/>'
        )
        yield _line(x + 22, y, KINDS[kind].label, NOTE, "ink", PAPER.text)
        x += _legend_step(kind)


def _legend_step(kind: str) -> float:
    return text_width(KINDS[kind].label, NOTE) + 40


def _line(
    x: float, y: float, text: str, size: float, style: str, fill: str, bold: bool = False, middle: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    anchor = ' text-anchor="middle"' if middle else ""
    place = f'x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"'
    return f'<text class="ad-{style}" {place} fill="{fill}"{weight}{anchor}>{_text(text)}</text>'


def _text(text: str) -> str:
    return escape(_writable(text))


def _writable(text: str) -> str:
    return text.translate(_UNWRITABLE)


def _n(number: float) -> str:
    """A number with at most one digit after the point: the same on every machine."""
    return f"{number:.1f}".removesuffix(".0")
