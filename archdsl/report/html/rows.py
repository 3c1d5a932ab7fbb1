"""The layer table as compact data for the page's script: texts once, equal figures once, a bounded number of rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archdsl.report.data import NetworkData
from archdsl.report.text_width import shortened

if TYPE_CHECKING:
    from archdsl.analysis.report import CellCost, LayerCost

# What a page can have in all: about 60 bytes a row, and what a browser sorts at once.
MOST_ROWS = 40_000
_LONGEST_TEXT = 200


class Texts:
    """Texts by number, each once, none longer than a line."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.all)
            self.all.append(shortened(text, _LONGEST_TEXT))
        return number


def packed(network: NetworkData, most: int = MOST_ROWS) -> dict[str, Any]:
    """The tree of cell calls with its layers.

    Keys: `texts`; `cells` as [label, cell, parent, layers, figures...]; `figures`, each different list of them once;
    `layers` as [label, operator, cell, shape, number of its figures]; `rest` as [cell, layers, figures...] for what is
    beyond `most` rows. Figures are params, mult_adds, flops, memory_access, memory_access_bytes and, with a device,
    nanoseconds, predicted or at least; `time` says which.
    """
    report = network.cost
    texts = Texts()
    bounds = network.times
    cells, kept_cells = _cells(report.cells, texts, max(1, most // 2))
    figures: dict[tuple[float, ...], int] = {}
    layers: list[list[int]] = []
    rest: dict[int, list[float]] = {}
    for number, row in enumerate(report.layers):
        home = kept_cells[row.cell]
        values = _figures(row, bounds[number : number + 1])
        _climb(cells, home, values[4:])
        if len(layers) + len(cells) < most:
            label = _label(row.path, report.cells[home].path)
            shape = ", ".join("×".join(map(str, s)) or "scalar" for s in row.output_shapes[:4])
            figure = figures.setdefault(values, len(figures))
            layers.append([texts.number(label), texts.number(row.op), home, texts.number(shape), figure])
        else:
            sums = rest.setdefault(home, [0, *[0] * len(values)])
            rest[home] = [sums[0] + 1, *(a + b for a, b in zip(sums[1:], values, strict=True))]
    return {
        "texts": texts.all,
        "time": "Pred. time" if network.latency else "Min. time",
        "cells": cells,
        "figures": list(figures),
        "layers": layers,
        "rest": [[cell, *sums] for cell, sums in rest.items()],
    }


def _cells(cells: Sequence[CellCost], texts: Texts, most: int) -> tuple[list[list[Any]], list[int]]:
    """The first `most` cell calls as rows; and for every call the row that its layers go to."""
    rows: list[list[Any]] = []
    homes: list[int] = []
    for number, cell in enumerate(cells):
        if number >= most:
            homes.append(homes[cell.parent])
            continue
        parent = cells[cell.parent].path if cell.parent >= 0 else ""
        label = texts.number(_label(cell.path, parent))
        figures = (cell.params, cell.mult_adds, cell.flops, cell.memory_access)
        rows.append([label, texts.number(cell.cell), cell.parent, cell.nodes, *figures, 0, 0])
        homes.append(number)
    return rows, homes


def _climb(cells: list[list[Any]], cell: int, figures: Sequence[float]) -> None:
    """Add what `CellCost` has no sums of, bytes and time, to the cell calls around a layer."""
    while cell >= 0:
        row = cells[cell]
        row[-2] += figures[0]
        row[-1] = round(row[-1] + figures[1], 3)
        cell = row[2]


def _figures(row: LayerCost, bound: Sequence[float]) -> tuple[float, ...]:
    nanoseconds = round(bound[0] * 1e9, 3) if bound else 0
    return (row.params, row.mult_adds, row.flops, row.memory_access, row.memory_access_bytes, nanoseconds)


def _label(path: str, parent: str) -> str:
    """What a path adds to that of the cell call around it."""
    return path[len(parent) + 1 :] if parent and path.startswith(f"{parent}/") else path


def script_safe(value: Any) -> str:
    """JSON that may stand within a `script` element: nothing in it ends the element or begins a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
