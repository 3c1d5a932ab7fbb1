"""A found cell in a larger network: the same decisions, other parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import archdsl
from archdsl_search.errors import SearchError
from archdsl_search.journal.records import Result
from archdsl_search.results.run import Run

_SHOWN = 3


def transferred(
    run: Run, result: Result, params: Mapping[str, Any], inputs: Mapping[str, Sequence[int]]
) -> archdsl.Architecture:
    """The network that a trial's decisions give with other root parameters and input shapes.

    This works where the decisions don't depend on them: in spaces that `tie` their cells, ids have no repetitions in
    them, so that a cell that was found with N = 2 stacks six deep.

    Raises:
        SearchError: if decisions are open or left over, or an option is not there; the message names them.
        archdsl.ArchdslError: if a parameter is unknown, or no network comes of it.
    """
    space = run.space(params, inputs)
    try:
        return space.resolve(result.decisions)
    except archdsl.ArchdslError as error:
        if not any(found.code.startswith("E06") for found in error.diagnostics):
            raise
    reached = set(space.decisions(_known(space, result.decisions)))
    opened = [name for name in reached if name not in result.decisions]
    left = [name for name in result.decisions if name not in reached]
    what = []
    if opened:
        what.append(f"decisions that the search never made: {_named(sorted(opened))}")
    if left:
        what.append(f"decisions that are not reached any more: {_named(left)}")
    if not what:
        what.append("an option that was chosen is not there")
    raise SearchError(
        f"the cell of trial {result.trial} does not carry over to these parameters: {'; '.join(what)}. Decisions carry "
        "over where the space ties its cells (`tie`), and their options don't depend on what is changed"
    )


def _known(space: archdsl.Space, decisions: Mapping[str, Any]) -> dict[str, Any]:
    """The decisions that the space has, as far as they are reached one after the other."""
    known: dict[str, Any] = {}
    while True:
        points = space.decisions(known)
        further = {
            name: decisions[name]
            for name, point in points.items()
            if name in decisions and name not in known and point.index(decisions[name]) is not None
        }
        if not further:
            return known
        known.update(further)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
