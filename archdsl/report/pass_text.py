"""What passes did, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from archdsl.report.units import human

MOST_PLACES = 6


class Row(Protocol):
    """One pass: its name, what it did to which nodes, and the network behind it."""

    @property
    def name(self) -> str:
        """The pass."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What it did."""

    @property
    def places(self) -> tuple[str, ...]:
        """The nodes it did it to."""


def notes_text(rows: tuple[Row, ...], all_places: bool = False) -> str:
    """What each pass did and to which nodes, those that did nothing left out."""
    return "\n".join(line for row in rows if row.notes for line in _lines(row, all_places))


def _lines(row: Row, all_places: bool) -> Iterator[str]:
    yield f"{row.name}: {'; '.join(row.notes)}"
    shown = row.places if all_places else row.places[:MOST_PLACES]
    yield from (f"    {place}" for place in shown)
    if len(shown) < len(row.places):
        yield f"    and {len(row.places) - len(shown)} more"


def change(before: int, after: int) -> str:
    """`1.50 G` with the change in per cent, if there is one worth a digit."""
    share = f"{after / before - 1:+.1%}" if before else ""
    return human(after) if share in ("", "+0.0%", "-0.0%") else f"{human(after)} ({share})"
