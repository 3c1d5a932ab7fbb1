"""What further evaluations of candidates gave: reads what `archdsl search remeasure` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from archdsl_search.journal.reader import NAME, Journal

FOLDER = "remeasured"


@dataclass(frozen=True)
class Measured:
    """What further evaluations of a candidate gave.

    Attributes:
        values: the mean of each objective.
        deviation: of the first objective, from one evaluation to another; 0 where there is one.
        repeats: how many evaluations finished.
    """

    values: tuple[float, ...]
    deviation: float
    repeats: int


def measured(place: Path) -> dict[str, Measured]:
    """What was measured again, by the candidates' identities; empty if nothing was."""
    if not (place / NAME).is_file():
        return {}
    values: dict[str, list[tuple[float, ...]]] = {}
    for result in Journal(place).results():
        if result.objective is not None:
            values.setdefault(result.identity, []).append(result.objective)
    return {
        identity: Measured(
            tuple(fmean(goal) for goal in zip(*found, strict=True)),
            stdev(first for first, *_ in found) if len(found) > 1 else 0.0,
            len(found),
        )
        for identity, found in values.items()
    }
