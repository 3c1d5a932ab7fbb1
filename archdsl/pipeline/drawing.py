"""`archdsl.draw`: networks and their cells as SVG; and the style of our pages, for pages that stand beside them."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.pipeline.architecture import Architecture


def draw(
    architecture: Architecture,
    depth: int = 1,
    *,
    cell: str = "",
    training: bool = False,
    titles: Mapping[str, str] | None = None,
    embedded: str = "",
) -> str:
    """Draw a network, or one cell of it, as SVG.

    Args:
        architecture: what `archdsl.load` gives.
        depth: levels of cells to open; 1 shows the network's (the cell's) own steps, 0 the network as one box.
        cell: the path of a cell call, as `archdsl.cost(...).cells` has them; by default the whole network.
        training: draw the training form.
        titles: what cell calls are called, by their paths, in place of the cell's name.
        embedded: for a drawing within an HTML page, what its ids begin with; such drawings have no heading and no
            style sheet of their own: `report_style` has the rules for dark ground.

    Raises:
        ArchdslError: E1002 if there is no such cell, or too much to draw.
    """
    from archdsl.report.diagram import cell_diagram, diagram, flat
    from archdsl.report.svg import Embedding, drawing, to_inline_svg

    graph = architecture.graph(training)
    boxes = cell_diagram(graph, cell, depth) if cell else diagram(graph, depth)
    for box in flat(boxes):
        if box.kind == "cell" and titles and box.path in titles:
            box.title = titles[box.path]
    title = f"{architecture.name}: {cell}" if cell else architecture.name
    if embedded:
        return to_inline_svg(boxes, f"Drawing of {title}", Embedding(embedded, lambda box: {}))
    return drawing(boxes, title, graph)


def report_style() -> str:
    """The style sheet of `archdsl report`: cards, figures, plots and drawings, on light and dark ground."""
    from archdsl.report.html.page import style

    return style()
