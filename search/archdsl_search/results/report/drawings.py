"""Drawings of the best candidates' cells, through archdsl's own drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import archdsl
from archdsl_search.candidate import Decisions
from archdsl_search.errors import SearchError
from archdsl_search.journal.records import Result
from archdsl_search.results.report.frequencies import label_text
from archdsl_search.results.run import Run

DRAWN = 3
_MOST_CELLS = 4
_LARGEST = 400_000  # characters of one drawing


@dataclass(frozen=True)
class CellDrawing:
    """One searched cell, or the whole network where no cell is searched by itself.

    Attributes:
        name: `normal`, or the network's name.
        calls: how often the network has it.
        svg: safe to put into a page.
    """

    name: str
    calls: int
    svg: str


@dataclass(frozen=True)
class Drawn:
    """A candidate with its drawings; `params` and `mult_adds` as its spec has them."""

    result: Result
    cells: tuple[CellDrawing, ...]
    params: int
    mult_adds: int


def drawn(run: Run, results: Sequence[Result]) -> tuple[list[Drawn], str]:
    """Drawings of candidates, and why there are none if the space cannot be read any more."""
    found = []
    try:
        space = run.space()
        for number, result in enumerate(results[:DRAWN]):
            architecture = space.resolve(result.decisions)
            cost = archdsl.cost(architecture)
            cells = _cells(architecture, result.decisions, f"c{number}")
            found.append(Drawn(result, tuple(cells), cost.params, cost.mult_adds))
    except archdsl.ArchdslError as error:
        return found, error.diagnostics[0].message
    except SearchError as error:
        return found, str(error)
    return found, ""


def searched_cells(architecture: archdsl.Architecture, decisions: Decisions) -> dict[str, list[str]]:
    """Paths of the calls of each searched cell, by the key that ties their decisions.

    Decisions of a tied cell are named by its key instead of a path (`normal/block[0]/left/op`). A call belongs to the
    key if its layers stand where the chosen options put them (`.../block[0]/left/op/sep_conv_3x3`). Cells that only
    hand things through have no layers and are not found.
    """
    layers = [node.path for node in architecture.graph().nodes]
    calls = [cell.path for cell in archdsl.cost(architecture).cells if cell.parent == 0]
    found: dict[str, list[str]] = {}
    for key in dict.fromkeys(name.partition("/")[0] for name in decisions if "/" in name):
        if any(layer == key or layer.startswith(f"{key}/") for layer in layers):
            continue  # no key but a step of the network
        places = [
            f"{name.partition('/')[2]}/{label_text(label)}"
            for name, label in decisions.items()
            if name.startswith(f"{key}/")
        ]
        for call in calls:
            own = [layer[len(call) + 1 :] for layer in layers if layer.startswith(f"{call}/")]
            present = {place for place in places if any(f"{layer}/".startswith(f"{place}/") for layer in own)}
            if present and not _foreign(own, places, decisions, key):
                found.setdefault(key, []).append(call)
    return found


def _foreign(own: Sequence[str], places: Sequence[str], decisions: Decisions, key: str) -> bool:
    """Whether a call has layers at a decision of this key under another option than the chosen one."""
    steps = {
        place.rpartition("/")[0] for place in places if isinstance(decisions[f"{key}/{place.rpartition('/')[0]}"], str)
    }
    for layer in own:
        for step in steps:
            if layer.startswith(f"{step}/") and not any(f"{layer}/".startswith(f"{place}/") for place in places):
                return True
    return False


def _cells(architecture: archdsl.Architecture, decisions: Decisions, prefix: str) -> list[CellDrawing]:
    made = []
    for key, calls in list(searched_cells(architecture, decisions).items())[:_MOST_CELLS]:
        svg = _svg(architecture, calls[0], f"{prefix}-{key}", _titles(decisions, key, calls[0]))
        if svg:
            made.append(CellDrawing(key, len(calls), svg))
    if not made:
        svg = _svg(architecture, "", prefix, {})
        if svg:
            made.append(CellDrawing(architecture.name, 1, svg))
    return made


def _titles(decisions: Decisions, key: str, call: str) -> dict[str, str]:
    """What each cell that is one of several options is called: the option, where it is a word."""
    found = {}
    for name, label in decisions.items():
        inner = name.removeprefix(f"{key}/").rpartition("/")[0]
        if name.startswith(f"{key}/") and inner and isinstance(label, str):
            found[f"{call}/{inner}"] = label
    return found


def _svg(architecture: archdsl.Architecture, cell: str, prefix: str, titles: dict[str, str]) -> str:
    """The drawing with as many levels of cells open as can be looked at; empty if none can."""
    for depth in (2, 1):
        try:
            svg = archdsl.draw(architecture, depth, cell=cell, titles=titles, embedded=prefix)
        except archdsl.ArchdslError:
            continue
        if len(svg) <= _LARGEST:
            return svg
    return ""
