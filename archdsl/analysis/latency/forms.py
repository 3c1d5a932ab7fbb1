"""Which form of a network a time is of: its steps as they are written, or what the optimizing passes make of them."""

from __future__ import annotations

from typing import Literal, get_args

from archdsl.ir.graph import Graph

Mode = Literal["plain", "inference"]
MODES: tuple[Mode, ...] = get_args(Mode)


def form_of(graph: Graph, mode: Mode) -> Graph:
    """The graph whose steps take the time.

    Args:
        graph: an inference form.
        mode: `plain` for the graph itself; `inference` for what `archdsl.compile(mode="inference")` runs on torch.
    """
    if mode == "plain":
        return graph
    # Passes are many modules, and most predictions are of plain networks.
    from archdsl.passes.optimization import optimize

    return optimize(graph).graph


def mode_of(found: object) -> Mode:
    """A mode as a file has it.

    Raises:
        ValueError: if it is none.
    """
    if found not in MODES:
        raise ValueError(f"the mode is {' or '.join(MODES)}, not {found!r}")
    return found
