"""The one error of expressions, and the signal of a value that was already reported."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.diagnostics.suggest import nearest

# How other languages write truth values.
_TRUTH = {"True": "true", "yes": "true", "on": "true", "False": "false", "no": "false", "off": "false"}


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


def unknown_name(name: str, visible: Iterable[str], hint: str = "") -> ExpressionError:
    """A name that nothing visible has; `hint` says more, where more is known than the nearest visible name."""
    close = _TRUTH.get(name) or nearest(name, visible)
    suggestion = f"did you mean `{close}`?" if close else ""
    return ExpressionError("E0201", f"there is no value `{name}`", hint or suggestion)


def callable_as_value(name: str) -> ExpressionError:
    """A callable's name where a value is read, most often meant as the result of that step."""
    hint = "to read what a step gives, give that step a `name`"
    return ExpressionError("E0208", f"`{name}` is a callable, not a value", hint)


class Poisoned(Exception):  # noqa: N818 - a signal, not an error
    """An expression read a value that stands for something already reported: nothing new to say."""
