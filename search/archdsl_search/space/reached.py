"""A candidate that remembers how it was reached, so that nothing has to be elaborated to change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from archdsl_search.candidate import Candidate, Decisions

if TYPE_CHECKING:
    from archdsl import Decision


class ReachedCandidate(Candidate):
    """A candidate of a space file. Its identity is found when somebody first asks for it: that may need its graph.

    Attributes:
        points: the decisions that it reaches, in order.
        outcomes: the number of the outcome of each of them.
    """

    __slots__ = ("_identity", "outcomes", "points")

    outcomes: tuple[int, ...]
    points: tuple[Decision, ...]
    _identity: str | Callable[[Decisions], str]

    def __init__(
        self,
        decisions: Decisions,
        points: tuple[Decision, ...],
        outcomes: tuple[int, ...],
        identify: Callable[[Decisions], str],
    ):
        for name, value in (
            ("decisions", decisions), ("points", points), ("outcomes", outcomes), ("_identity", identify),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def identity(self) -> str:
        """Equal for candidates that are one."""
        known = self._identity
        if not isinstance(known, str):
            known = known(self.decisions)
            object.__setattr__(self, "_identity", known)
        return known

    def __repr__(self) -> str:
        return f"ReachedCandidate({dict(self.decisions)!r})"
