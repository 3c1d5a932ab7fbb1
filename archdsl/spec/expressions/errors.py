"""The one error of expressions, and the signal of a value that was already reported."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression is wrong, or has no value.

    Raised first without a place by the operation that fails; the compiled node that called it adds the place.

    Attributes:
        code: E0201, E0203, E0112, E0401 to E0404, E0905 or E0906; an environment may raise others.
        message: one sentence without a full stop.
        offset: first character of the culprit inside the expression's text; -1 while unknown.
        length: characters of the culprit.
        hint: a few words on what would be right; may be empty.
    """

    def __init__(self, code: str, message: str, hint: str = "", offset: int = -1, length: int = 1):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.offset = offset
        self.length = length

    def placed(self, offset: int, length: int) -> ExpressionError:
        """The error itself, with this place unless it has a closer one."""
        if self.offset < 0:
            self.offset, self.length = offset, max(length, 1)
        return self


class Poisoned(Exception):
    """An expression read a value that stands for something already reported: nothing new to say."""
