"""One finding about a spec, and the exception that carries findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archdsl.diagnostics.span import Span


class Severity(StrEnum):
    """`error`: the file can't be used. `warning`: it can, but probably says something else than meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding: what is wrong, where, what was expected, and through which calls it came.

    Attributes:
        code: the stable code, a key of `archdsl.diagnostics.codes.CODES` (`E0302`).
        message: one sentence without a full stop.
        span: where the caret goes; None only where no file is involved (`--set`, a missing file).
        label: a few words that stand beside the caret ("a divisor of 64 is needed"); may be empty.
        notes: further lines, each printed as `= note`: the call path, the shapes of the operands.
        severity: error or warning; by default what the code's letter says.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR

    @property
    def key(self) -> tuple[str, Span | None]:
        """What makes two findings the same one: a mistake in a cell is reported once, however often it is called."""
        return (self.code, self.span)


class ArchdslError(Exception):
    """Anything wrong with what the user gave: the findings are in `diagnostics`, at least one of them an error."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]):
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = found
        super().__init__(summary(found))


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """The findings as plain lines, `file:line:column: error[CODE]: message`."""
    lines = []
    for found in diagnostics:
        place = f"{found.span}: " if found.span else ""
        hint = f" ({found.label})" if found.label else ""
        lines.append(f"{place}{found.severity}[{found.code}]: {found.message}{hint}")
    return "\n".join(lines)
