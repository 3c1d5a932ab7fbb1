"""The cost of a network as a line and as text tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from archdsl.report.units import human, human_bytes, human_seconds, human_shape

if TYPE_CHECKING:
    from archdsl.analysis.report import CellCost, CostReport, LayerCost, OperatorCost

_FIGURES = ("params", "mult-adds", "flops", "memory access")
_Costed: TypeAlias = "LayerCost | CellCost | OperatorCost"


def cost_line(report: CostReport) -> str:
    """`resnet50: 25.56 M params, 4.09 G mult-adds, ...`: one line without the newline."""
    figures = [
        f"{human(report.params)} params",
        f"{human(report.mult_adds)} mult-adds",
        f"{human(report.flops)} flops",
        f"{human_bytes(report.memory_access_bytes)} memory access",
        f"{human_bytes(report.peak_activation_bytes)} peak activation",
    ]
    batch = f" (batch of {report.batch_size})" if report.batch_size > 1 else ""
    return f"{report.name}{batch}: {', '.join(figures)}"


def summary(report: CostReport) -> str:
    """Every total, one a line, human and exact."""
    exact = {
        "params": (human(report.params), report.params),
        "buffers": (human(report.buffers), report.buffers),
        "mult_adds": (human(report.mult_adds), report.mult_adds),
        "flops": (human(report.flops), report.flops),
        "memory_access": (human(report.memory_access), report.memory_access),
        "memory_access_bytes": (human_bytes(report.memory_access_bytes), report.memory_access_bytes),
        "peak_activation": (human(report.peak_activation), report.peak_activation),
        "peak_activation_bytes": (human_bytes(report.peak_activation_bytes), report.peak_activation_bytes),
    }
    lines = [f"{report.name}, batch of {report.batch_size}", ""]
    lines += [f"{name:<21}  {text:>10}  {number:>20,}" for name, (text, number) in exact.items()]
    lines.append(f"{'arithmetic_intensity':<21}  {report.arithmetic_intensity:>10.2f}  flops per byte")
    return "\n".join(lines)


def layer_table(report: CostReport, times: Sequence[float] | None = None) -> str:
    """One row for each node, in graph order, and the totals; with predicted times in seconds, these too."""
    timed = _Timed(times)
    rows = [(row.path, row.op, _shapes(row), *_figures(row), *timed.of(i)) for i, row in enumerate(report.layers)]
    total = ("total", "", "", *_totals(report), *timed.total())
    return text_table(("layer", "operator", "output", *_FIGURES, *timed.head), [*rows, total], left=3, footer=True)


def cell_table(report: CostReport, depth: int = 1, times: Sequence[float] | None = None) -> str:
    """The tree of cell calls, those at `depth` collapsed into one row; steps outside of them have their own rows."""
    timed = _Timed(times)
    rows = [
        (text, name, shape, *_figures(row), *timed.of(*members))
        for text, name, shape, row, members in _tree(report, depth)
    ]
    total = ("total", "", "", *_totals(report), *timed.total())
    heads = ("path", "cell or operator", "output", *_FIGURES, *timed.head)
    return text_table(heads, [*rows, total], left=3, footer=True)


def operator_table(report: CostReport, times: Sequence[float] | None = None) -> str:
    """Totals for each kind of operator, the most expensive first."""
    timed = _Timed(times)
    members: dict[str, list[int]] = {}
    for i, row in enumerate(report.layers):
        members.setdefault(row.op, []).append(i)
    order = sorted(report.by_operator.items(), key=lambda item: (-item[1].flops, item[0]))
    rows = [(op, str(total.nodes), *_figures(total), *timed.of(*members[op])) for op, total in order]
    rows.append(("total", str(len(report.layers)), *_totals(report), *timed.total()))
    return text_table(("operator", "nodes", *_FIGURES, *timed.head), rows, left=1, footer=True)


class _Timed:
    """A column of predicted times, or none."""

    def __init__(self, times: Sequence[float] | None):
        self.times = times
        self.head = () if times is None else ("predicted",)

    def of(self, *layers: int) -> tuple[str, ...]:
        """The time of these layers together."""
        return () if self.times is None else (human_seconds(sum(self.times[i] for i in layers)),)

    def total(self) -> tuple[str, ...]:
        """The time of all."""
        return () if self.times is None else self.of(*range(len(self.times)))


def _tree(report: CostReport, depth: int) -> Iterator[tuple[str, str, str, LayerCost | CellCost, Sequence[int]]]:
    """Rows of the tree: indented path within the parent, cell or operator, output, what it costs, numbers of layers."""
    shown = {0}
    members: dict[int, list[int]] = {}
    for i, layer in enumerate(report.layers):
        for number in _around(report.cells, layer.cell):
            members.setdefault(number, []).append(i)
    for i, layer in enumerate(report.layers):
        around = _around(report.cells, layer.cell)
        for number in around:
            cell = report.cells[number]
            if number not in shown and cell.depth <= depth:
                shown.add(number)
                parent = report.cells[cell.parent].path
                yield _indented(cell.depth, cell.path, parent), cell.cell, "", cell, members[number]
        own = report.cells[layer.cell]
        if own.depth < depth:
            yield _indented(own.depth + 1, layer.path, own.path), layer.op, _shapes(layer), layer, (i,)


def _around(cells: Sequence[CellCost], number: int) -> list[int]:
    """The cell calls around a node of this one, outermost first."""
    found = []
    while number >= 0:
        found.append(number)
        number = cells[number].parent
    return found[::-1]


def _indented(depth: int, path: str, parent: str) -> str:
    return "  " * (depth - 1) + (path[len(parent) :].lstrip("/") if path.startswith(parent) else path)


def _shapes(row: LayerCost) -> str:
    return ", ".join(human_shape(shape) for shape in row.output_shapes)


def _figures(row: _Costed) -> tuple[str, ...]:
    # A dash where there is nothing: most rows have no weights or no multiply-adds, and zeros would hide the rest.
    return tuple(_cell(n) if n else "-  " for n in (row.params, row.mult_adds, row.flops, row.memory_access))


def _totals(report: CostReport) -> tuple[str, ...]:
    return tuple(_cell(n) for n in (report.params, report.mult_adds, report.flops, report.memory_access))


def _cell(number: int) -> str:
    """The number with its unit; one without a unit leaves its place free."""
    return human(number) if number >= 1000 else f"{number}  "


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int, footer: bool = False) -> str:
    """Aligned columns under a rule; the first `left` columns are text, the others numbers."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "  ".join(padded).rstrip()

    rule = "  ".join("-" * w for w in widths)
    body = [line(row) for row in rows]
    if footer:
        body.insert(len(body) - 1, rule)
    return "\n".join([line(header), rule, *body])
