"""One finding about a spec, and the exception that carries findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from archdsl.diagnostics.span import Span

_LONGEST = 600


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
        severity: error by default; warning for codes that do not begin with E, unless `as_error` says otherwise.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        # A file may quote a name of a million letters.
        for said in (self.message, self.label):
            if len(said) > _LONGEST:
                object.__setattr__(self, "message", _cut(self.message))
                object.__setattr__(self, "label", _cut(self.label))
        # A code with another letter than E never keeps a file from being used.
        if not self.code.startswith("E"):
            object.__setattr__(self, "severity", Severity.WARNING)

    def as_error(self) -> Diagnostic:
        """The same finding as an error: a project has decided not to accept it."""
        made = replace(self)
        object.__setattr__(made, "severity", Severity.ERROR)
        return made

    @property
    def key(self) -> tuple[str, Span | None]:
        """What makes two findings the same one: a mistake in a cell is reported once, however often it is called."""
        return (self.code, self.span)


def _cut(said: str) -> str:
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."


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
