"""A collection of findings: each mistake once, in the order of the files, without what a file allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.diagnostics.span import Span

# A value that could not be read as it stands: everything else that is said about it is a guess.
_UNREAD = frozenset({"E0102", "E0106", "E0114", "E0605"})


class Findings:
    """Collects diagnostics while a spec is checked."""

    def __init__(self, diagnostics: Iterable[Diagnostic] = ()) -> None:
        self._found: dict[tuple[str, Span | None] | Diagnostic, Diagnostic] = {}
        self._broken: list[Span] = []
        self._allowed: dict[tuple[str, str], Span] = {}
        self._used: set[tuple[str, str]] = set()
        self.extend(diagnostics)

    def add(self, found: Diagnostic) -> None:
        """Adds a finding, unless the same was found before or it stands within a value that could not be read."""
        key = found.key if found.span is not None else found
        if key in self._found or (found.span is not None and any(_within(found.span, b) for b in self._broken)):
            return
        self._found[key] = found
        if found.span is not None and found.code in _UNREAD:
            self._broken.append(found.span)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Adds findings in turn."""
        for found in diagnostics:
            self.add(found)

    def allow(self, code: str, span: Span) -> None:
        """Silences a warning in the file of `span`, where the file says so. Errors can't be silenced."""
        self._allowed.setdefault((span.file, code), span)

    @property
    def has_errors(self) -> bool:
        """Whether anything was found that keeps the file from being used."""
        return any(found.severity is Severity.ERROR for found in self._found.values())

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.result(()))

    def __len__(self) -> int:
        return len(self.result(()))

    def result(self, examined: Iterable[str] = ("W",)) -> list[Diagnostic]:
        """The findings in order of place, those without a place first.

        Args:
            examined: beginnings of the codes that were looked for; an allowance of one of these that silenced nothing
                is itself a finding (W0207).
        """
        kept = []
        for found in self._found.values():
            allowance = (found.span.file, found.code) if found.span else ("", "")
            if found.severity is not Severity.ERROR and allowance in self._allowed:
                self._used.add(allowance)
            else:
                kept.append(found)
        starts = tuple(examined)
        for (file, code), span in self._allowed.items():
            if (file, code) not in self._used and code.startswith(starts):
                kept.append(Diagnostic("W0207", f"nothing here has the code {code}", span, "remove this"))
        return in_order(kept)

    def raise_errors(self) -> None:
        """Raises `ArchdslError` with all findings if one of them is an error."""
        if self.has_errors:
            raise ArchdslError(self.result(()))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file in the order in which the files first occur, then by line and column; those without a place first."""
    found = list(diagnostics)
    files: dict[str, int] = {}
    for diagnostic in found:
        if diagnostic.span is not None:
            files.setdefault(diagnostic.span.file, len(files))

    def place(diagnostic: Diagnostic) -> tuple[int, int, int]:
        span = diagnostic.span
        return (files[span.file], span.line, span.column) if span is not None else (-1, 0, 0)

    return sorted(found, key=place)


def _within(inner: Span, outer: Span) -> bool:
    start = (inner.line, inner.column)
    return inner.file == outer.file and (outer.line, outer.column) <= start < (outer.end_line, outer.end_column)
