"""Evaluators that installed packages register in an entry-point group; nothing is imported to look."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

GROUP = "archdsl.evaluators"


def installed_names() -> set[str]:
    """Every name that a package has registered."""
    return {point.name for point in entry_points(group=GROUP)}


def entry_point(name: str) -> EntryPoint | None:
    """The entry point that a package has registered under this name."""
    return next(iter(entry_points(group=GROUP, name=name)), None)
