"""The four formats, compared with golden files; `UPDATE_GOLDEN=1 pytest` writes them anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render import FORMATS, Format, render
from archdsl.diagnostics.render.source import Sources, cell_width, excerpt
from archdsl.diagnostics.render.text import count_line
from archdsl.diagnostics.span import Span

GOLDEN = Path(__file__).parents[1] / "golden" / "diagnostics"
SPEC = """\
archdsl: 1
graph:
  - conv2d:
      groups: 3
\t- name: 日本 + x
  - do: [relu,
         relu]
"""
FOUND = [
    Diagnostic("E0101", "cannot read cells/a,b:c.yaml: there is no such file", None, "check the path"),
    Diagnostic(
        "E0302",
        "groups=3 does not divide in_channels=64",
        Span("specs/net.yaml", 4, 15, 4, 16),
        "a divisor of 64 is needed: 1, 2, 4, 8, 16, 32, 64",
        ("in cell `unit`, called at specs/net.yaml:31 (round 2 of 4); x is [N, 64, 28, 28]", "two\nlines, 100 %"),
    ),
    Diagnostic("E0201", "unknown name `x`", Span("specs/net.yaml", 5, 15, 5, 16), "did you mean `y`?"),
    Diagnostic("W0202", "nobody reads this", Span("specs/net.yaml", 6, 9, 7, 15)),
    Diagnostic("E0104", "in a file that is not there", Span("/gone/other file.yaml", 12, 3, 12, 7), "a label"),
]


@pytest.mark.parametrize("format", FORMATS)
def test_golden(format: Format) -> None:
    path = GOLDEN / f"{format}.txt"
    rendered = render(FOUND, format, sources=Sources({"specs/net.yaml": SPEC})) + "\n"
    if format == "sarif":
        document = json.loads(rendered)
        document["runs"][0]["tool"]["driver"].pop("version", None)
        rendered = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8")


def test_color_only_when_asked_for() -> None:
    sources = Sources({"specs/net.yaml": SPEC})
    assert "\x1b[" not in render(FOUND, "text", sources=sources)
    colored = render(FOUND, "text", color=True, sources=sources)
    assert "\x1b[1;31merror[E0302]\x1b[0m" in colored
    assert "\x1b[1;33mwarning[W0202]\x1b[0m" in colored
    assert "\x1b[" not in render(FOUND, "json", color=True)


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    found = Diagnostic("E0201", "bad \x1b[31m name", Span("f\x1b.yaml", 1, 4, 1, 5), "la\rbel", ("no\x07te",))
    assert "\x1b" not in render([found], "text", sources=Sources({"f\x1b.yaml": "a: \x1b[2J"}))


@pytest.mark.parametrize("column", [1, 60, 500, 999])
def test_long_lines_are_cut_around_the_caret(column: int) -> None:
    line = "".join(chr(97 + i % 26) for i in range(1000))
    shown, start, width = excerpt(line, Span("f", 1, column, 1, column + 3))
    assert len(shown) <= 100
    assert shown[start : start + width] == line[column - 1 : column + 2]


def test_a_long_culprit_is_cut_too() -> None:
    shown, start, width = excerpt("x" * 1000, Span("f", 1, 10, 1, 900))
    assert len(shown) <= 100
    assert start + width <= 100


def test_tabs_and_wide_characters_keep_the_caret_in_place() -> None:
    shown, start, width = excerpt("\t日本: é + x", Span("f", 1, 10, 1, 11))
    assert cell_width(shown[: shown.index("x")]) == start
    assert width == 1


def test_spans_behind_the_end_of_a_line_are_shown() -> None:
    assert excerpt("a:", Span("f", 1, 3, 1, 4)) == ("a:", 2, 1)
    assert excerpt("", Span("f", 1, 1, 1, 2)) == ("", 0, 1)


def test_lines_are_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(b"a: 1\r\nb: \xff\r\n")
    text = render([Diagnostic("E0101", "bad", Span(str(path), 2, 4, 2, 5))], "text")
    assert "2 | b: \ufffd" in text
    assert "  |    ^" in text


def test_count_line() -> None:
    assert count_line(FOUND) == "4 errors, 1 warning"
    assert count_line(FOUND[:1]) == "1 error"
    assert count_line([]) == "no mistakes found"


def test_no_findings_are_still_documents() -> None:
    assert render([], "text") == ""
    assert json.loads(render([], "json"))["summary"] == {"errors": 0, "warnings": 0}
    assert json.loads(render([], "sarif"))["runs"][0]["results"] == []


def test_sarif_refers_to_its_rules() -> None:
    run = json.loads(render(FOUND, "sarif"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for found, result in zip(FOUND, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == found.code
        assert rules[result["ruleIndex"]]["help"]["text"]
        assert result["level"] in ("error", "warning")
        for location in result.get("locations", []):
            region = location["physicalLocation"]["region"]
            start, end = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
            assert (1, 1) <= start < end
            assert " " not in location["physicalLocation"]["artifactLocation"]["uri"]
