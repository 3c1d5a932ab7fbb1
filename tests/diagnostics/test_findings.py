"""Findings are collected once each, in order, without what a file allows."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.diagnostics.findings import Findings
from archdsl.diagnostics.span import Span


def at(line: int, column: int = 1, width: int = 1, file: str = "a.yaml") -> Span:
    return Span(file, line, column, line, column + width)


def test_a_mistake_is_reported_once_and_in_order() -> None:
    findings = Findings()
    findings.add(Diagnostic("E0201", "second", at(9)))
    findings.add(Diagnostic("E0201", "first", at(2)))
    findings.add(Diagnostic("E0201", "first again, from another call", at(2)))
    findings.add(Diagnostic("E0101", "no place"))
    findings.add(Diagnostic("E0101", "no place"))
    findings.add(Diagnostic("E0101", "no place either"))
    findings.add(Diagnostic("E0202", "in another file", at(1, file="b.yaml")))
    said = [found.message for found in findings]
    assert said == ["no place", "no place either", "first", "second", "in another file"]
    assert len(findings) == 5


def test_nothing_is_said_about_a_value_that_could_not_be_read() -> None:
    findings = Findings([Diagnostic("E0114", "needs quotes", at(3, 5, 10))])
    findings.add(Diagnostic("E0201", "within", at(3, 8)))
    findings.add(Diagnostic("E0201", "behind", at(3, 15)))
    findings.add(Diagnostic("E0201", "elsewhere", at(3, 8, file="b.yaml")))
    assert [found.message for found in findings] == ["needs quotes", "behind", "elsewhere"]


def test_files_allow_warnings_and_never_errors() -> None:
    findings = Findings([Diagnostic("W0202", "unused", at(4)), Diagnostic("E0201", "unknown", at(5))])
    findings.add(Diagnostic("W0202", "unused elsewhere", at(4, file="b.yaml")))
    findings.allow("W0202", at(1))
    findings.allow("E0201", at(2))
    findings.allow("W0203", at(3))
    findings.allow("G0301", at(3, 9))
    result = findings.result()
    assert [(found.code, found.span and found.span.file) for found in result] == [
        ("W0207", "a.yaml"),
        ("E0201", "a.yaml"),
        ("W0202", "b.yaml"),
    ]
    assert [found.span for found in result if found.code == "W0207"] == [at(3)]
    assert "W0207" not in {found.code for found in findings.result(examined=())}


def test_errors_are_raised_with_the_warnings() -> None:
    findings = Findings([Diagnostic("W0202", "unused", at(4))])
    findings.raise_errors()
    assert not findings.has_errors
    findings.add(Diagnostic("E0201", "unknown", at(5)))
    with pytest.raises(ArchdslError) as raised:
        findings.raise_errors()
    assert [found.code for found in raised.value.diagnostics] == ["W0202", "E0201"]


def test_the_letter_gives_the_severity() -> None:
    assert Diagnostic("E0201", "x").severity is Severity.ERROR
    assert Diagnostic("W0202", "x").severity is Severity.WARNING
    assert Diagnostic("G0301", "x").severity is Severity.WARNING
