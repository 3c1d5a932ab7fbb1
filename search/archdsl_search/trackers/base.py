"""What a tracker is: curves over the numbers of trials go in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class Tracked:
    """The run that is tracked.

    Attributes:
        folder: of the run; local files go into it.
        key: a name that no other run has, and the same after a resume.
        sweep: all options.
    """

    folder: Path
    key: str
    sweep: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.folder.resolve().name


@dataclass(frozen=True)
class Point:
    """What one evaluation adds to the curves.

    Attributes:
        trial: where, on each curve.
        at: when it ended, in seconds since 1970.
        values: by curve: `objective/accuracy`, `best/accuracy`, `metrics/loss`, `evaluation/seconds`.
        best: the decisions of the trial, if it is the best so far.
    """

    trial: int
    at: float
    values: Mapping[str, float]
    best: Mapping[str, Any] = field(default_factory=dict)


class Tracker(ABC):
    """Writes for one program. Called from one thread; an error that it raises ends it, never the search.

    Class attributes:
        name: what `--log` calls it.
        package: that it needs, and the extra of archdsl that brings it.
    """

    name: ClassVar[str]
    package: ClassVar[tuple[str, str]]

    @abstractmethod
    def __init__(self, run: Tracked):
        """Open it. Local files are made anew: all points are given again after a resume."""

    @property
    def known(self) -> int:
        """How many points are there already, from the first on: a server may have those of earlier sessions."""
        return 0

    @abstractmethod
    def add(self, point: Point) -> None:
        """One more evaluation has ended; in the order of the journal."""

    @abstractmethod
    def flush(self) -> None:
        """Bring what there is to where it can be seen."""

    @abstractmethod
    def close(self) -> None:
        """Write the rest."""


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested options under dotted keys; what is not given is left out."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found.update(flat(value, f"{prefix}{key}."))
        elif value is not None:
            found[f"{prefix}{key}"] = value
    return found
