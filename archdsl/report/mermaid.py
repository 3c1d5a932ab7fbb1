"""A drawing as Mermaid text, which many Markdown viewers draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.ir.graph import Graph, Value
from archdsl.report.diagram import Box, diagram, flat
from archdsl.report.layout import lines_of, title_of
from archdsl.report.palette import KINDS


def to_mermaid(graph: Graph, depth: int = 1) -> str:
    """The network as a Mermaid flow chart, from top to bottom; cells below `depth` are closed boxes.

    Takes the same boxes as `to_svg`. The same graph gives the same text.
    """
    boxes = diagram(graph, depth)
    names = {box: f"n{number}" for number, box in enumerate(flat(boxes))}
    kinds = [kind for kind in KINDS if any(box.kind == kind and box.body is None for box in names)]
    lines = ["flowchart TD", *_declared(boxes, names, 1), *_edges(boxes, names)]
    for kind in kinds:
        fill, line, text = KINDS[kind].light
        lines.append(f"  classDef {kind} fill:{fill},stroke:{line},color:{text}")
    return "\n".join(lines) + "\n"


def _declared(boxes: Sequence[Box], names: dict[Box, str], level: int) -> Iterator[str]:
    indent = "  " * level
    for box in boxes:
        if box.body is None:
            left, right = ("([", "])") if box.kind == "terminal" else ("[", "]")
            yield f"{indent}{names[box]}{left}{_label([title_of(box), *lines_of(box)])}{right}:::{box.kind}"
        else:
            yield f"{indent}subgraph {names[box]}[{_label([title_of(box), box.figures])}]"
            yield from _declared(box.body, names, level + 1)
            yield f"{indent}end"


def _edges(boxes: Sequence[Box], names: dict[Box, str]) -> Iterator[str]:
    """Edges between closed boxes; one between each two, whatever the number of values."""
    producers: dict[Value, Box] = {}
    _find_producers(boxes, producers)
    seen: set[tuple[str, str]] = set()
    for box in flat(boxes):
        for value in box.reads if box.body is None else ():
            edge = (names[producers[value]], names[box])
            if edge not in seen:
                seen.add(edge)
                yield f"  {edge[0]} --> {edge[1]}"


def _find_producers(boxes: Sequence[Box], producers: dict[Value, Box]) -> None:
    """For every value the closed box that it comes from.

    A chain drawn as its first cell makes what the last one makes: where that comes from is found by place.
    """
    for box in boxes:
        if box.body is None:
            producers.update(dict.fromkeys([*box.makes, *box.passed], box))
        else:
            _find_producers(box.body, producers)
            last = [producers[value] for value in box.inner_makes]
            producers.update(zip(box.makes, last, strict=True))
            for value in box.passed:
                producers.setdefault(value, last[0])


def _label(lines: Sequence[str]) -> str:
    """A quoted label: what Mermaid or HTML could take for markup is written as character codes."""
    return '"' + "<br/>".join(_escaped(line) for line in lines if line) + '"'


def _escaped(text: str) -> str:
    # Mermaid's own escapes, #NUMBER; every other character that means something to it, to Markdown or to HTML.
    return "".join(c if c.isalnum() or c in " ,.:×·…_-/" else f"#{ord(c)};" for c in text)
