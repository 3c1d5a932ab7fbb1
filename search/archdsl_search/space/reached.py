"""A candidate that remembers how it was reached, so that nothing has to be elaborated to change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl_search.candidate import Candidate

if TYPE_CHECKING:
    from archdsl import Decision


@dataclass(frozen=True, eq=False, slots=True)
class ReachedCandidate(Candidate):
    """A candidate of a space file.

    Attributes:
        points: the decisions that it reaches, in order.
        outcomes: the number of the outcome of each of them.
    """

    points: tuple[Decision, ...]
    outcomes: tuple[int, ...]
