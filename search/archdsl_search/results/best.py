"""What `archdsl search best` gives: the chosen trials as data, and as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archdsl_search.journal.records import Result
from archdsl_search.results.run import Run
from archdsl_search.results.writing import TARGETS, write_network

INDEX = "networks.json"


def described(run: Run, result: Result) -> dict[str, Any]:
    """A trial as plain data: what scripts read."""
    assert result.objective is not None  # finished
    again = run.remeasured.get(result.identity)
    return {
        "trial": result.trial,
        "objective": _plain(result.objective),
        "labels": list(run.labels),
        "metrics": dict(result.metrics),
        "decisions": dict(result.decisions),
        "identity": result.identity,
        "remeasured": None
        if again is None
        else {"objective": _plain(again.values), "deviation": again.deviation, "repeats": again.repeats},
        "weights": str(run.weights_of(result) or "") or None,
    }


def _plain(values: Sequence[float]) -> float | list[float]:
    """One number for one objective."""
    return values[0] if len(values) == 1 else list(values)


def write_all(
    run: Run, results: Sequence[Result], folder: Path, targets: Sequence[str] = TARGETS
) -> list[dict[str, Any]]:
    """Write each trial's network into a folder, with an index of them.

    Returns:
        For each, what `described` gives, and `files`, `trained`, `difference`, `left_out`.

    Raises:
        archdsl.ArchdslError: if the space's file has gone or has changed so that the decisions don't fit.
        SearchError: if two forms of a network don't agree.
        OSError: if the folder cannot be written to.
    """
    space = run.space()
    found = []
    for result in results:
        architecture = space.resolve(result.decisions)
        name = f"{architecture.name}_trial{result.trial}"
        written = write_network(architecture, folder, name, run.weights_of(result), targets)
        found.append(
            {
                **described(run, result),
                "files": written.files,
                "trained": written.trained,
                "difference": written.difference,
                "left_out": written.left_out,
            }
        )
    (folder / INDEX).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found
