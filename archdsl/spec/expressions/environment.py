"""What an expression sees while it is evaluated."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Protocol

from archdsl.spec.expressions.errors import ExpressionError
from archdsl.spec.expressions.values import STEP_LIMIT


class Environment(Protocol):
    """The visible names, as the elaborator knows them."""

    def value(self, name: str) -> object:
        """The value of a name; POISON for one that was already reported.

        Raises:
            KeyError: if no such name is visible.
            ExpressionError: if it is visible and may not be read (absent); without a place, which the caller adds.
        """

    def names(self) -> Iterable[str]:
        """Every visible name: for suggestions, and because a comprehension's variable may hide none."""

    def has_read(self, value: object) -> bool:
        """Whether an earlier step of this cell call has read the value, for `unused`."""


class Run:
    """One evaluation: the environment, the attribute's own words, the comprehensions' variables, the steps spent."""

    __slots__ = ("env", "locals", "steps", "words")

    def __init__(self, env: Environment, words: Container[str]):
        self.env = env
        self.words = words
        self.locals: dict[str, object] = {}
        self.steps = 0

    def spend(self, steps: int) -> None:
        """Count operations.

        Raises:
            ExpressionError: E0906 once the evaluation has spent more than it may.
        """
        self.steps += steps
        if self.steps > STEP_LIMIT:
            raise ExpressionError("E0906", "the expression takes too many steps", f"at most {STEP_LIMIT:,}")
